"""The verdict table as a terminal shows it."""

from __future__ import annotations

import pytest
from report_world import invariant, objective
from rich.console import Console

from slo_reports.report.terminal import verdict_table
from slo_reports.verdict import Status

pytestmark = pytest.mark.unit


def shown(*verdicts: object) -> str:
    console = Console(width=160, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(verdict_table(verdicts))  # type: ignore[arg-type]  # only verdicts are given
    return capture.get()


def test_a_verdict_is_told_by_a_sign_and_a_word() -> None:
    text = shown(objective(), invariant(1, Status.MISSED), invariant(2, Status.UNKNOWN))
    for told in ("\N{CHECK MARK} met", "\N{MULTIPLICATION X} missed", "? unknown"):
        assert told in text


def test_objectives_stand_before_invariants_with_value_and_interval() -> None:
    text = shown(invariant(), objective())
    assert text.index("final_failures") < text.index("I1")
    assert "0.5\N{NO-BREAK SPACE}%" in text
    assert "0.14 to 1.81" in text


def test_what_is_broken_names_a_few_ids_and_how_many_more() -> None:
    text = shown(invariant(1, Status.MISSED, evidence=tuple(f"job {n}" for n in range(1, 51))))
    assert "job 3" in text
    assert "job 4" not in text
    assert "and 47 more" in text


def test_a_reason_is_printed_once() -> None:
    text = shown(*(invariant(number, Status.UNKNOWN, "the run broke off") for number in (1, 2, 3)))
    assert (text.count("the run broke off"), text.count("likewise")) == (1, 2)


def test_square_brackets_are_text() -> None:
    assert "[red]not colour[/]" in shown(invariant(says="[red]not colour[/]"))
