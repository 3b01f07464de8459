"""A suite on a terminal of 80 columns."""

from __future__ import annotations

import pytest
from rich.console import Console

from loadtests.synthetic_suite import a_suite, an_experiment, every_outcome
from slo_reports.trials.terminal import suite_table

pytestmark = pytest.mark.unit


def shown(facts: dict[str, object], *, width: int = 80) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(suite_table(facts))
    return capture.get()


def test_every_experiment_has_a_line_that_fits() -> None:
    lines = shown(every_outcome()).splitlines()
    rows = [line for line in lines if line.strip().startswith("F")]
    assert [row.split()[:3] for row in rows][:2] == [["F00", "control", "✓"], ["F01", "provider-refuses", "✓"]]
    assert len(rows) == 8
    assert max(map(len, lines)) <= 80


def test_a_long_name_does_not_hide_the_numbers() -> None:
    text = shown(a_suite(an_experiment("a-name-that-is-much-longer-than-any-table-can-bear")))
    (row,) = [line for line in text.splitlines() if "a-name" in line]
    assert "12.6" in row


def test_what_is_not_as_it_should_be_says_why() -> None:
    text = " ".join(shown(every_outcome()).split())
    for told in (
        "broken F10 redis-killed: I1: 7 users have more than one mail",
        "skipped F28 disk-full: this user may not make mount namespaces",
        "wrong M3 The intent is committed after the request: expected I1, I8 to turn red, and I8 did",
        "broken soak, cycle 9 of seed 109: I1: 1 duplicate",
        "without an experiment: F43",
    ):
        assert told in text


def test_what_shares_a_reason_shares_a_line() -> None:
    late = [
        an_experiment(name, fault, "not run", reason="no time was left") for name, fault in (("a", "F01"), ("b", "F02"))
    ]
    text = shown(a_suite(*late, an_experiment("c", "F03", "not run", reason="the harness failed")))
    assert "? not run F01 a, F02 b: no time was left" in text
    assert "? not run F03 c: the harness failed" in text


def test_the_verdict_stands_last() -> None:
    assert shown(a_suite(an_experiment()), width=120).rstrip().splitlines()[-1] == (
        "2 of 2 experiments held: 0 duplicates and 0 unexplained jobs among 1,958 mails."
    )


def test_an_empty_suite_is_one_sentence() -> None:
    assert shown(a_suite(experiments=[])).strip() == "Nothing was carried out: nothing is proven."


def test_markup_in_a_reason_stays_text() -> None:
    text = shown(a_suite(an_experiment(outcome="broken", reason="[bold]not[/] markup [/]")))
    assert "[bold]not[/] markup [/]" in text
