"""The resiliency page: each experiment in its cell, linked to its source, and every row of the fault matrix below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.synthetic_suite import HEALED, a_suite, an_experiment, every_outcome, write_suite
from slo_reports.trials.resiliency import resiliency_of, write_resiliency
from slo_reports.trials.suite import SuiteFolder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def cell(page: str, dependency: str, trouble: str) -> str:
    """One of the matrix."""
    lines = page.splitlines()
    head = next(line for line in lines if line.startswith("| dependency |"))
    row = next(line for line in lines if line.startswith(f"| **{dependency}** |"))
    return row.split(" | ")[head.split(" | ").index(trouble if trouble != "losing data" else "losing data |")]


def test_an_experiment_stands_in_its_cell_with_what_users_notice() -> None:
    page = resiliency_of(a_suite(an_experiment(trouble="down")))
    assert "✅ [FLUSHALL](<../chaos/experiments/f09_redis_flushed.py>): Nothing: mails come a few seconds later." in (
        cell(page, "Redis", "down")
    )
    assert "first mail 0.412 s" in cell(page, "Redis", "down")
    assert cell(page, "Redis", "slow").strip() == ""
    assert cell(page, "provider", "down").strip() == ""


def test_the_jobs_that_a_fault_cost_are_told() -> None:
    page = resiliency_of(a_suite(an_experiment(trouble="down", numbers={**HEALED, "indeterminate": 19})))
    assert "19 indeterminate" in cell(page, "Redis", "down")


def test_two_experiments_share_a_cell() -> None:
    page = resiliency_of(a_suite(an_experiment("a", trouble="down"), an_experiment("b", trouble="down", title="B")))
    assert "<br><br>✅ [B]" in cell(page, "Redis", "down")


def test_a_cell_that_did_not_hold_promises_nothing() -> None:
    page = resiliency_of(a_suite(an_experiment(outcome="broken", trouble="down", reason="I1: 1 duplicate")))
    assert "broken: I1: 1 duplicate" in cell(page, "Redis", "down")
    assert "mails come a few seconds later" not in page


def test_the_rows_of_the_fault_matrix_are_listed_in_their_order() -> None:
    page = resiliency_of(every_outcome())
    rows = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| F")]
    assert rows == ["F00", "F01", "F07", "F09", "F10", "F14", "F25", "F28", "F38", "F43"]
    assert "not covered | not survivable" in page


def test_the_page_says_what_it_was_generated_from() -> None:
    page = resiliency_of(every_outcome())
    for told in ("`20261121-150000-chaos`", "2026-11-21 15:00:00 UTC", "`45cbfd4e12f4`", "    make chaos SEED=1"):
        assert told in page


def test_text_of_the_suite_cannot_leave_its_cell() -> None:
    text = "a | b\n| c ](x) <b>"
    page = resiliency_of(a_suite(an_experiment(title=text, notices=text, loses=text, trouble="down")))
    assert "<b>" not in page
    assert {line.replace("\\|", "").count("|") for line in page.splitlines() if line.startswith("|")} == {5, 6}
    assert "\\](x)" in page


def test_the_page_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    folder = SuiteFolder(write_suite(tmp_path / "suite", every_outcome()))
    page = write_resiliency(folder, tmp_path / "docs" / "resiliency.md")
    assert page.read_text(encoding="utf-8") == resiliency_of(folder.read())
