"""The files of a suite's report: complete, escaped, small, and drawn whatever the suite lacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from loadtests.synthetic_suite import (
    HEALED,
    a_cycle,
    a_fault,
    a_mutant,
    a_suite,
    a_verdict,
    an_experiment,
    every_outcome,
    write_suite,
)
from slo_reports.run_folder import UnreadableRunError
from slo_reports.trials.suite import SuiteFolder
from slo_reports.trials.writing import write_suite_report

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

ATTACK = "<script>alert('x')</script>"
ENDLESS = "a reason that does not end " * 4_000
NAMES = ("report.html", "summary.md", "junit.xml")


def written(folder: Path, facts: dict[str, Any], **given: Any) -> dict[str, str]:
    page = write_suite_report(SuiteFolder(write_suite(folder, facts, **given)))
    assert page == folder / "report.html"
    return {name: (folder / name).read_text(encoding="utf-8") for name in NAMES}


def hostile(text: str) -> dict[str, Any]:
    """A suite in which every free text is the same one."""
    experiment = an_experiment(
        outcome="broken", title=text, loses=text, why=text, notices=text, dependency=text, reason=text,
        faults=[{**a_fault(), "name": text, "how": text}],
        verdicts=[{**a_verdict("I1", text, "missed", text), "evidence": [text] * 50}],
    )  # fmt: skip
    mutant = a_mutant("M1", text, ["I1"], [], experiment=text, reason=text)
    cycle = a_cycle(1, "broken", reason=text, steps=[text])
    return a_suite(
        experiment, run_id=text, command=text, environment={text: text, "redis": {text: text}}, mutants=[mutant],
        git={"sha": text, "dirty": True}, uncovered=[{"fault": "F43", "title": text, "reason": text}],
        soak={"minutes": 60, "seed": 1, "faults": 112, "shrunk": [text], "cycles": [cycle]},
    )  # fmt: skip


def test_a_sound_suite_begins_with_its_verdict(tmp_path: Path) -> None:
    files = written(tmp_path, a_suite(an_experiment()))
    says = "2 of 2 experiments held: 0 duplicates and 0 unexplained jobs among 1,958 mails."
    assert f"<h1>{says}</h1>" in files["report.html"]
    assert '<body class="tone-met">' in files["report.html"]
    assert "started 2026-11-21 15:00:00 UTC, took 14\N{NO-BREAK SPACE}min 12\N{NO-BREAK SPACE}s" in files["report.html"]
    assert files["summary.md"].startswith(f"## {says}\n")


def test_a_broken_experiment_is_shown_with_what_broke_it(tmp_path: Path) -> None:
    verdict = a_verdict("I1", "one_mail_per_user_week", "missed", "7 users have more than one mail")
    broken = an_experiment(outcome="broken", reason="I1: 7 users have more than one mail", verdicts=[verdict])
    files = written(tmp_path, a_suite(broken))
    assert '<body class="tone-missed">' in files["report.html"]
    assert '<details class="experiment missed" open>' in files["report.html"]
    for told in ("violated", "7 findings", "user 7"):
        assert told in files["report.html"]
    assert "broken F09 redis-flushed: I1: 7 users have more than one mail" in files["summary.md"]


def test_every_part_of_the_page_is_there(tmp_path: Path) -> None:
    page = written(tmp_path, every_outcome())["report.html"]
    sections = re.findall(r'<section id="([a-z]+)"', page)
    assert sections == [
        "experiments", "details", "kills", "mutants", "soak", "uncovered", "environment", "limits", "repeat",
    ]  # fmt: skip
    assert re.findall(r'<li><a href="#([a-z]+)">', page) == sections


def test_each_outcome_has_a_word_beside_its_mark(tmp_path: Path) -> None:
    page = written(tmp_path, every_outcome())["report.html"]
    for outcome, tone in {"held": "met", "broken": "missed", "skipped": "skipped", "not run": "unknown"}.items():
        assert re.search(rf'<span class="mark {tone}">.*</svg>{outcome}</span>', page), outcome


def test_an_empty_suite_is_drawn(tmp_path: Path) -> None:
    files = written(tmp_path, a_suite(experiments=[], control=None))
    assert "Nothing was carried out: nothing is proven." in files["report.html"]
    for told in ("no experiment was carried out.", "no email worker was killed.", "there was no soak."):
        assert told in files["report.html"]


def test_a_suite_that_has_only_begun_is_drawn(tmp_path: Path) -> None:
    begun = {key: a_suite()[key] for key in ("schema", "run_id", "command", "seed", "started")}
    planned = {"name": "redis-flushed", "fault": "F09", "title": "FLUSHALL", "outcome": "not run"}
    files = written(tmp_path, {**begun, "state": "recording", "experiments": [planned]})
    assert "did not reach its end (state: recording)" in files["report.html"]


@pytest.mark.parametrize("text", [ATTACK, f"</script>{ATTACK}", f'"><img src=x onerror=y>{ATTACK}', "`|\n# [a](b) | `"])
def test_text_of_the_suite_cannot_become_markup(tmp_path: Path, text: str) -> None:
    files = written(tmp_path, hostile(text))
    for name, content in files.items():
        assert "<script>alert" not in content, name
        assert "<img" not in content, name
    assert not [line for line in files["summary.md"].splitlines() if line.startswith("# ")]
    cells = {line.replace("\\|", "").count("|") for line in files["summary.md"].splitlines() if line.startswith("| ")}
    assert cells == {9}


def test_endless_texts_keep_the_summary_short_and_the_page_small(tmp_path: Path) -> None:
    files = written(tmp_path, hostile(ENDLESS))
    assert len(files["summary.md"].splitlines()) <= 60
    assert max(map(len, files["summary.md"].splitlines())) < 1_000
    assert len(files["report.html"].encode()) < 3_000_000


def test_a_crowded_suite_keeps_the_summary_short(tmp_path: Path) -> None:
    experiments = [an_experiment(f"n{n}", f"F{n:02}", "broken" if n % 2 else "skipped") for n in range(1, 99)]
    mutants = [a_mutant(f"M{n}", "t", ["I1"], []) for n in range(1, 40)]
    soak = {"minutes": 1, "seed": 1, "faults": 1, "cycles": [a_cycle(n, "broken") for n in range(1, 99)]}
    summary = written(tmp_path, a_suite(*experiments, mutants=mutants, soak=soak))["summary.md"]
    assert len(summary.splitlines()) <= 60
    assert "and 73 more" in summary


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    page = written(tmp_path, every_outcome())["report.html"]
    assert set(re.findall(r'(?:src|href|action|data)="([^"#][^"]*)"', page)) == {"data:,"}
    assert not re.findall(r"url\(|@import|https?://|fetch\(|XMLHttpRequest", page)


def test_junit_has_a_case_for_every_experiment_mutant_and_cycle(tmp_path: Path) -> None:
    root = ET.fromstring(written(tmp_path, every_outcome())["junit.xml"])
    told = {suite.get("name"): [suite.get(key) for key in ("tests", "failures", "skipped")] for suite in root}
    assert told == {"experiments": ["8", "1", "3"], "mutants": ["5", "2", "1"], "soak": ["14", "1", "0"]}


def test_a_skipped_experiment_is_skipped_in_junit_with_its_reason(tmp_path: Path) -> None:
    root = ET.fromstring(written(tmp_path, every_outcome())["junit.xml"])
    (case,) = root.findall(".//testcase[@name='F28 disk-full']")
    skipped = case.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "skipped: this user may not make mount namespaces"


def test_a_run_beside_the_suite_is_drawn_with_its_fault_shaded(tmp_path: Path) -> None:
    page = written(tmp_path, a_suite(an_experiment("outage", "F01")), with_runs=["outage"])["report.html"]
    plot = re.search(r'<svg class="plot" data-plot="mails-2".*?</figure>', page, re.DOTALL)
    assert plot is not None
    assert 'class="window"' in plot[0]
    assert "accepted at most 100" in plot[0]
    assert '"mails-2":{"unit":"mails/s","values":[[' in page


def test_a_run_without_receipts_is_drawn_by_its_samples(tmp_path: Path) -> None:
    write_suite(tmp_path, a_suite(an_experiment("outage", "F01")), with_runs=["outage"])
    (tmp_path / "outage" / "provider-ledger.jsonl").unlink()
    page = write_suite_report(SuiteFolder(tmp_path)).read_text(encoding="utf-8")
    assert re.search(r"accepted at most (99|1\d\d)\b", page)


def test_a_run_with_neither_receipts_nor_samples_says_so(tmp_path: Path) -> None:
    write_suite(tmp_path, a_suite(an_experiment("outage", "F01")), with_runs=["outage"])
    for name in ("provider-ledger.jsonl", "samples.jsonl"):
        (tmp_path / "outage" / name).unlink()
    page = write_suite_report(SuiteFolder(tmp_path)).read_text(encoding="utf-8")
    assert "No plot: samples.jsonl: the file is missing." in page


def test_a_run_folder_that_is_gone_costs_its_plot_alone(tmp_path: Path) -> None:
    page = written(tmp_path, a_suite(an_experiment()))["report.html"]
    assert "No plot: the run folder redis-flushed is not beside suite.json" in page


def test_the_same_suite_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name, every_outcome()) for name in ("first", "second"))
    assert first == second


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"outcome": "fine"},
            'experiments[0].outcome is "fine": write held, slow, broken, inconclusive, skipped or not run',
        ),
        ({"fault": "nine"}, 'experiments[0].fault is "nine": expected a row of the fault matrix, such as F09'),
        ({"run": "../other"}, 'experiments[0].run is "../other": expected the name of a folder beside suite.json'),
        ({"source": "javascript:x"}, 'experiments[0].source is "javascript:x": expected a file within the project'),
        ({"numbers": {**HEALED, "failed": "3"}}, 'experiments[0].numbers.failed is "3": expected a number or null'),
    ],
)
def test_a_bad_file_is_refused_by_field_value_and_remedy(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    folder = SuiteFolder(write_suite(tmp_path, a_suite(experiments=[an_experiment(**changed)])))
    with pytest.raises(UnreadableRunError) as refused:
        write_suite_report(folder)
    assert says in str(refused.value)
    assert not (tmp_path / "report.html").exists()


def test_a_file_with_many_faults_names_the_first_few(tmp_path: Path) -> None:
    wrong = [{**an_experiment(), "outcome": "fine"} for _ in range(9)]
    with pytest.raises(UnreadableRunError, match="and 4 more") as refused:
        SuiteFolder(write_suite(tmp_path, a_suite(experiments=wrong))).read()
    assert str(refused.value).count('outcome is "fine"') == 5


def test_a_missing_suite_is_told_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRunError, match=r"suite\.json"):
        SuiteFolder(tmp_path / "nowhere").read()
