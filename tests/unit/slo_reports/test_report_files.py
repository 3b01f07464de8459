"""The four files of a report: valid, escaped, complete, small, and drawn whatever the run lacks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from report_world import FILES, HISTORY, VERDICTS, a_folder, invariant, job, move, objective

from slo_reports import run_folder
from slo_reports.report import draw_report, write_report
from slo_reports.report.contents.missing import part
from slo_reports.report.schema import InvalidReportError, validate
from slo_reports.run_folder import RunFolder
from slo_reports.tables import Run
from slo_reports.verdict import Kind, Measure, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.unit

ATTACK = "<script>alert('x')</script>"


def written(folder: RunFolder, verdicts: Sequence[Verdict] = VERDICTS, **given: Any) -> Path:
    with Run(folder) as run:
        page = write_report(run, verdicts, out=folder.path / "report", **given)
    assert page.name == "report.html"
    return page.parent


def read(out: Path, name: str) -> str:
    return (out / name).read_text(encoding="utf-8")


def report_in(out: Path) -> dict[str, Any]:
    return dict(json.loads(read(out, "report.json")))


def test_all_four_files_are_written(tmp_path: Path) -> None:
    out = written(a_folder(tmp_path))
    assert {path.name for path in out.iterdir()} == {"report.json", "report.html", "summary.md", "junit.xml"}
    validate(report_in(out))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_costs_its_own_part_alone(tmp_path: Path, name: str) -> None:
    folder = a_folder(tmp_path)
    (folder.path / name).unlink()
    out = written(folder)
    assert f"{name}: the file is missing." in report_in(out)["damage"]
    assert f"{name}: the file is missing." in read(out, "report.html")
    assert "<h2" in read(out, "report.html")


def test_a_run_of_which_only_run_json_is_left_is_still_drawn(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.write_facts({})
    out = written(folder, [])
    report = report_in(out)
    assert report["verdict"]["outcome"] == "inconclusive"
    missing = {name for name, part in report.items() if isinstance(part, dict) and "missing" in part}
    assert missing == {"faults", "latency", "load", "reconciliation", "recovery", "timeline"}
    assert "nothing in this run carries a time" in read(out, "report.html")


def test_a_run_without_load_or_faults_says_so(tmp_path: Path) -> None:
    history = [line for line in HISTORY if line["actor"] != "nemesis"]
    out = written(a_folder(tmp_path, files={run_folder.HISTORY: history, run_folder.REQUESTS: []}))
    page = read(out, "report.html")
    assert "no fault was injected." in page
    assert "No webhook load was driven: latency under load stays open." in page


def test_a_file_that_was_cut_off_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"state": "interrupted"})
    ledger = folder.path / run_folder.LEDGER
    ledger.write_text(ledger.read_text()[:-40])
    report = report_in(written(folder))
    assert report["damage"][0].startswith("provider-ledger.jsonl: ")
    assert sum(report["timeline"]["panels"][0]["series"][0]["values"]) == 3


def test_text_from_the_run_cannot_become_markup(tmp_path: Path) -> None:
    history = [move("inject", "ok", at=10, what=ATTACK, how=ATTACK), move("heal", "fail", at=30)]
    history[-1]["error"] = ATTACK
    folder = a_folder(
        tmp_path,
        {"reason": ATTACK, "settings": {ATTACK: ATTACK}, "command": ATTACK},
        {run_folder.HISTORY: history, run_folder.JOBS: [job(1, "failed", ATTACK)]},
    )
    verdicts = [objective(Status.MISSED, ATTACK, evidence=(ATTACK,)), invariant(says=ATTACK, promise=ATTACK)]
    out = written(folder, verdicts)
    for name in ("report.html", "summary.md", "junit.xml"):
        assert "<script>alert" not in read(out, name), name
    assert "&lt;script&gt;alert" in read(out, "report.html")


def test_a_value_cannot_end_the_script_that_holds_it(tmp_path: Path) -> None:
    samples = [{**sample, "breaker": "</script><h1>out</h1>"} for sample in FILES[run_folder.SAMPLES]]
    page = read(written(a_folder(tmp_path, files={run_folder.SAMPLES: samples})), "report.html")
    assert "<h1>out</h1>" not in page
    assert "\\u003c/script>" in page


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    page = read(written(a_folder(tmp_path)), "report.html")
    assert set(re.findall(r'(?:src|href|action|data)="([^"#][^"]*)"', page)) == {"data:,"}
    assert not re.findall(r"url\(|@import|https?://|fetch\(|XMLHttpRequest", page)


def test_no_file_names_a_place_on_this_machine(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder.path / run_folder.SAMPLES).write_text("not json\n")
    (folder.path / run_folder.EVENTS).unlink()
    out = written(folder)
    for path in out.iterdir():
        assert str(tmp_path) not in path.read_text(), path.name


def test_what_cannot_be_read_is_told_without_the_folders_place(tmp_path: Path) -> None:
    with Run(a_folder(tmp_path, {"campaign": None})) as run:
        found = part(run, lambda: {"limit": run.fact("campaign", "mails_per_s")})
    assert found == {"missing": "run.json has no campaign.mails_per_s."}


def test_the_other_three_are_functions_of_the_json_alone(tmp_path: Path) -> None:
    out = written(a_folder(tmp_path))
    again = tmp_path / "again"
    again.mkdir()
    draw_report(report_in(out), out=again)
    for name in ("report.html", "summary.md", "junit.xml"):
        assert read(again, name) == read(out, name)


def test_the_summary_of_the_worst_run_fits_into_sixty_lines(tmp_path: Path) -> None:
    verdicts = [objective(Status.MISSED, "long\n" * 50, id=f"S{n}") for n in range(30)]
    verdicts += [invariant(n, Status.MISSED, f"{n} broken " * 100, evidence=("job 1",) * 50) for n in range(40)]
    history = [move("inject", "fail", at=n, fault=f"F{n:02}") for n in range(1, 40)]
    history += [move("inject", "invoke", at=n, fault=f"F{n:02}") for n in range(1, 40)]
    summary = read(written(a_folder(tmp_path, files={run_folder.HISTORY: history}), verdicts), "summary.md")
    assert len(summary.splitlines()) <= 60
    assert max(map(len, summary.splitlines())) < 1_000


def test_a_pipe_does_not_break_the_summarys_table(tmp_path: Path) -> None:
    plain = objective(says="a | b", measure=None)
    row = next(line for line in read(written(a_folder(tmp_path), [plain]), "summary.md").splitlines() if "S1" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 8


def test_junit_has_a_case_for_every_promise_and_fault(tmp_path: Path) -> None:
    verdicts = [objective(Status.MISSED, evidence=("job 4",)), invariant(), invariant(2, Status.UNKNOWN, "no ledger")]
    suites = ET.parse(written(a_folder(tmp_path), verdicts) / "junit.xml").getroot()
    cases = {case.get("name"): case for case in suites.iter("testcase")}
    assert list(cases) == [
        "S1 final_failures",
        "I1 one_mail_per_user_week",
        "I2 one_mail_per_user_week",
        "F01 provider_outage",
    ]
    failure = cases["S1 final_failures"].find("failure")
    assert failure is not None
    assert "job 4" in (failure.text or "")
    skipped = cases["I2 one_mail_per_user_week"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "no ledger"
    assert [(suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in suites] == [
        ("1", "1", "0"),
        ("2", "0", "1"),
        ("1", "0", "0"),
    ]


@pytest.mark.parametrize(
    ("dropped", "expected"), [("heal", "failure"), ("effect", "skipped")], ids=["not healed", "no effect"]
)
def test_a_fault_that_did_not_heal_fails_and_one_without_effect_is_skipped(
    tmp_path: Path, dropped: str, expected: str
) -> None:
    history = [line for line in HISTORY if line["f"] != dropped]
    root = ET.parse(written(a_folder(tmp_path, files={run_folder.HISTORY: history})) / "junit.xml").getroot()
    case = next(case for case in root.iter("testcase") if case.get("name") == "F01 provider_outage")
    assert case.find(expected) is not None


def test_junit_survives_characters_that_xml_cannot_hold(tmp_path: Path) -> None:
    out = written(a_folder(tmp_path), [invariant(status=Status.MISSED, says="nul \x00 escape \x1b[31m")])
    ET.parse(out / "junit.xml")


def test_an_unbounded_number_is_null_and_drawn_as_such(tmp_path: Path) -> None:
    unbounded = Measure(
        value=float("inf"), unit="ms", objective="< 1,000 ms", threshold=1000.0, interval=(900.0, float("inf")), n=3
    )
    verdict = Verdict(
        id="S3", name="latency", kind=Kind.OBJECTIVE, status=Status.MISSED, says="dropped", measure=unbounded
    )
    out = written(a_folder(tmp_path), [verdict])
    measure = report_in(out)["slos"][0]["measure"]
    assert measure["value"] is None
    assert measure["interval"] == [900.0, None]
    assert "900 to unbounded" in read(out, "report.html")


def test_a_report_that_its_schema_refuses_is_not_written(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"run_id": "x", "seed": [1]})
    with pytest.raises(InvalidReportError, match="provenance/seed"):
        written(folder)
    assert not (folder.path / "report").exists()
