"""The committed examples prove today what their reports say, and stay small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slo_reports import schemas
from slo_reports.judge import judge
from slo_reports.run_folder import RUN, RunFolder

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).parents[3] / "slo_reports" / "examples"
FOLDERS = sorted(path.parent for path in EXAMPLES.glob(f"*/{RUN}"))
MOST_BYTES = 5_000_000

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
