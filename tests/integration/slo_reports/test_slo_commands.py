"""`steadypost slo` as a person uses it: on good runs, broken ones, and none at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from loadtests.synthetic_run import write_run
from slo_reports.cli import app
from slo_reports.commands import listing
from slo_reports.run_folder import RunFolder

pytestmark = pytest.mark.integration

RUNS = Path("slo_reports/runs")
REPORT = {"report.json", "report.html", "summary.md", "junit.xml"}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, never touched, of as many users as it takes to see the full rate after an outage."""
    folder = tmp_path_factory.mktemp("recorded") / "20261121-120000-smoke"
    write_run(RunFolder(folder), users=1300, seed=1)
    facts = RunFolder(folder).facts()
    RunFolder(folder).write_facts({**facts, "run_id": folder.name, "profile": "smoke"})
    return folder


@pytest.fixture
def run(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it under slo_reports/runs of an empty checkout, which is also the latest."""
    monkeypatch.chdir(tmp_path)
    copy = RUNS / recorded.name
    shutil.copytree(recorded, copy)
    (RUNS / "latest").symlink_to(copy.name)
    return copy


def slo(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_good_run_is_met_by_any_of_its_names_and_gets_a_report(run: Path) -> None:
    for name in (str(run), run.name, "latest"):
        done = slo("judge", name)

        assert done.exit_code == 0, done.output
        assert "met: every objective and invariant holds" in done.stdout
        assert f"report: {run}/report.html" in done.stdout.replace(str(Path.cwd()) + "/", "")
    assert {path.name for path in run.iterdir()} >= REPORT


def test_a_report_can_go_elsewhere_or_nowhere(run: Path, tmp_path: Path) -> None:
    assert slo("judge", "latest", "--no-report").exit_code == 0
    assert not REPORT & {path.name for path in run.iterdir()}

    assert slo("judge", "latest", "--out", str(tmp_path / "elsewhere")).exit_code == 0
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == REPORT


def test_judging_twice_leaves_one_line_in_the_history(run: Path) -> None:
    slo("judge", run.name, "--no-report")
    slo("judge", run.name, "--no-report")

    (line,) = [json.loads(text) for text in (RUNS.parent / "history.jsonl").read_text().splitlines()]
    assert (line["run_id"], line["verdict"], line["exit_code"]) == (run.name, "met", 0)
    assert line["numbers"]["accept_rate"] > 90


def test_a_run_from_elsewhere_is_not_remembered(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "copy")

    assert slo("judge", str(tmp_path / "copy"), "--no-report").exit_code == 0
    assert not (RUNS.parent / "history.jsonl").exists()


def test_a_broken_line_of_the_history_is_told_and_does_no_harm(run: Path) -> None:
    (RUNS.parent / "history.jsonl").write_text("{cut o\n")

    done = slo("judge", run.name, "--no-report")

    assert done.exit_code == 0
    assert "history.jsonl line 1 is no run" in done.stderr


def test_the_report_shows_the_baseline_and_the_trend(run: Path) -> None:
    baseline = RUNS / "20261120-120000-smoke"
    shutil.copytree(run, baseline)
    slo("judge", baseline.name, "--no-report")

    assert slo("judge", run.name, "--baseline", baseline.name).exit_code == 0
    report = json.loads((run / "report.json").read_text())
    assert report["baseline"]["rows"][0]["verdict"] == "same"
    assert report["trend"]["runs"][-1]["run_id"] == run.name


def test_a_run_of_another_version_is_inconclusive(run: Path) -> None:
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "schema": "steadypost-run/1"}))

    done = slo("judge", run.name)

    assert done.exit_code == 3
    assert "schema 'steadypost-run/1', this program reads 'steadypost-run/2'. Record the run again" in done.stderr


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_run_without_readable_facts_is_inconclusive(run: Path, content: str) -> None:
    (run / "run.json").write_text(content)

    done = slo("judge", run.name)

    assert done.exit_code == 3
    assert done.stderr.startswith("inconclusive:")


def test_a_wrong_field_of_run_json_makes_the_run_inconclusive(run: Path) -> None:
    RunFolder(run).update_facts(seed="one")

    done = slo("judge", run.name, "--no-report")

    assert done.exit_code == 3
    assert 'seed is "one": expected an integer from 0' in in_one_line(done.stdout)


def test_a_run_cut_off_in_the_middle_is_never_met(run: Path) -> None:
    ledger = run / "provider-ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-300])

    done = slo("judge", run.name)

    assert done.exit_code == 3
    assert {path.name for path in run.iterdir()} >= REPORT, "a report says why"


def test_an_interrupted_run_is_inconclusive_and_has_a_report(run: Path) -> None:
    RunFolder(run).update_facts(state="interrupted", reason="stopped by Ctrl-C or SIGTERM")

    assert slo("judge", run.name).exit_code == 3
    assert "interrupted" in json.loads((run / "report.json").read_text())["verdict"]["sentence"]


def test_an_unknown_run_is_an_error_that_names_those_there_are(run: Path) -> None:
    for command in (["judge", "nope"], ["open", "nope"], ["compare", "nope", run.name], ["validate", "nope"]):
        done = slo(*command)

        assert done.exit_code == 4
        assert f"RUN is 'nope': neither a folder nor the name of one under {RUNS} (newest: {run.name})" in done.stderr


def test_equal_runs_compare_without_regression_and_the_rows_can_be_kept(run: Path, tmp_path: Path) -> None:
    done = slo("compare", run.name, run.name, "--out", str(tmp_path / "rows.json"))

    assert done.exit_code == 0, done.output
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert {"name", "unit", "baseline", "value", "delta", "interval", "verdict"} == set(rows[0])


def test_a_regression_fails(run: Path) -> None:
    RunFolder(run).update_facts(environment={**RunFolder(run).facts()["environment"], "noise": _measured()})
    slow = RUNS / "20261122-120000-smoke"
    shutil.copytree(run, slow)
    requests = [
        {**line, "done_at": line["done_at"] and line["done_at"] + 1.5}
        for line in RunFolder(run).lines("requests.jsonl")
    ]
    RunFolder(slow).write_lines("requests.jsonl", requests)
    RunFolder(slow).seal()

    done = slo("compare", slow.name, run.name)

    assert done.exit_code == 1, done.output
    assert "worse: webhook_p50_ms, webhook_p99_ms" in done.stdout


def _measured() -> dict[str, object]:
    loop = {"reference_loop_ms": {"p50": 10.0}}
    return {"before": loop, "after": loop}


def test_another_profile_is_not_compared_unless_forced(run: Path) -> None:
    other = RUNS / "20261122-120000-ci"
    shutil.copytree(run, other)
    RunFolder(other).update_facts(profile="ci")

    assert slo("compare", other.name, run.name).exit_code == 4
    assert slo("compare", other.name, run.name, "--force").exit_code == 0


def test_the_list_is_newest_first_and_shows_broken_folders(run: Path) -> None:
    slo("judge", run.name)
    (RUNS / "20261119-120000-full").mkdir()
    shutil.copytree(run, RUNS / "20261122-120000-smoke", ignore=shutil.ignore_patterns("report.json"))

    shown = slo("list").stdout

    places = [shown.index(name) for name in ("20261122-120000-smoke", run.name, "20261119-120000-full")]
    assert places == sorted(places)
    assert [line.split("│")[-2].strip() for line in shown.splitlines() if "smoke" in line] == ["not judged", "met"]
    assert "unreadable" in shown


def test_without_runs_the_list_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert "`make slo-test` records one" in slo("list").stdout


def test_a_report_is_opened_where_there_is_a_screen(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(listing.webbrowser, "open", opened.append)
    assert slo("open").exit_code == 4, "there is no report yet"
    (run / "report.html").write_text("<p>met</p>")

    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(listing.sys, "platform", "linux")
    assert slo("open").stdout.strip() == str(run.resolve() / "report.html")
    assert opened == []

    monkeypatch.setenv("DISPLAY", ":0")
    slo("open", run.name)
    assert opened == [(run.resolve() / "report.html").as_uri()]


def test_rules_are_written_or_printed(tmp_path: Path) -> None:
    slo("rules", "--out", str(tmp_path / "rules.yml"))

    assert (tmp_path / "rules.yml").read_text() == slo("rules").stdout


def test_slo_files_and_runs_are_validated(run: Path) -> None:
    done = slo("validate", run.name)
    assert done.exit_code == 0, done.output

    RunFolder(run).write_lines(
        "campaigns.jsonl", [{"campaign_id": "one", "newsletter": "weekly", "week_key": "2026-W47"}]
    )
    RunFolder(run).seal()
    done = slo("validate", run.name)
    assert done.exit_code == 3
    assert "campaigns.jsonl" in done.stderr


def test_a_broken_slo_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("apiVersion: openslo/v2\nkind: Service\nmetadata: {name: x}\nspec: {}\n")

    done = slo("validate", "--slos", str(tmp_path))

    assert done.exit_code == 4
    assert 'bad.yaml: apiVersion is "openslo/v2": write openslo/v1' in done.stderr
