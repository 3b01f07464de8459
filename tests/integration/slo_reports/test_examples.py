"""The committed examples prove today what their reports say, and stay small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slo_reports import schemas
from slo_reports.judge import judge
from slo_reports.run_folder import RUN, RunFolder
from slo_reports.trials.conclusion import sentence_of, suite_exit_code, sums_of
from slo_reports.trials.suite import SUITE, SuiteFolder
from slo_reports.verdict import ExitCode

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).parents[3] / "slo_reports" / "examples"
FOLDERS = sorted(path.parent for path in EXAMPLES.glob(f"*/{RUN}"))
SUITES = sorted(path.parent for path in EXAMPLES.glob(f"*/{SUITE}"))
MOST_BYTES = 8_000_000

needs_an_example = pytest.mark.skipif(not FOLDERS, reason=f"no example is committed in {EXAMPLES.name}/ yet")


@needs_an_example
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_an_example_is_judged_as_its_report_says(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text())
    told = {each["id"]: each["status"] for each in (*report["slos"], *report["invariants"])}

    assert {verdict.id: verdict.status.value for verdict in judge(RunFolder(folder))} == told


@needs_an_example
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_an_example_is_valid_and_says_what_it_was_made_from(folder: Path) -> None:
    facts = RunFolder(folder).facts()

    assert schemas.objections(facts, schemas.RUN) == []
    assert facts["derived_from"]["files"]


@needs_an_example
def test_the_examples_are_small() -> None:
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < MOST_BYTES


@pytest.mark.parametrize("folder", SUITES, ids=lambda path: path.name)
def test_a_committed_suite_broke_nothing_and_says_so(folder: Path) -> None:
    facts = SuiteFolder(folder).read()

    # Inconclusive: a cycle of a soak whose faults got in each other's way could not be staged, and is counted as such.
    assert suite_exit_code(facts) in {ExitCode.MET, ExitCode.MISSED, ExitCode.INCONCLUSIVE}
    assert (sums_of(facts).duplicates, sums_of(facts).unexplained) == (0, 0)
    assert sentence_of(facts) in " ".join((folder / "summary.md").read_text().split())
    assert (folder / "report.html").exists()
