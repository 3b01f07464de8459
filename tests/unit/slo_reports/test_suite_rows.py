"""The rows of a suite's tables: costs beside limits, differences from the control run, mutants against checkers."""

from __future__ import annotations

import pytest

from loadtests.synthetic_suite import HEALED, NUMBERS, a_mutant, a_suite, an_experiment
from slo_reports.trials.filled import filled
from slo_reports.trials.rows import (
    beside_control,
    checkers_of,
    control_of,
    costs_of,
    hits_of,
    kills_of,
    not_shown,
    recovery_of,
    signed,
    took_longer,
)

pytestmark = pytest.mark.unit

LIMITS = {"failed": 0, "indeterminate": 25, "first_accept_s": 3.0, "full_rate_s": None, "operator_actions": 0}


def test_a_number_over_its_limit_is_told() -> None:
    experiment = an_experiment(expected=LIMITS, numbers={**HEALED, "indeterminate": 26, "first_accept_s": 3.0})
    assert [cost.is_over for cost in costs_of(experiment)] == [False, True]
    assert [cost.is_over for cost in recovery_of(experiment)] == [False, False, False]


def test_what_was_not_measured_is_not_over_its_limit() -> None:
    experiment = an_experiment(numbers={**HEALED, "first_accept_s": None})
    assert recovery_of(experiment)[0].most == 5.0
    assert not recovery_of(experiment)[0].is_over


def test_a_run_without_a_fault_has_nothing_to_come_back_from() -> None:
    assert [cost.most for cost in recovery_of(filled(a_suite())["experiments"][0])] == [None, None, None]


def test_numbers_stand_beside_those_of_the_control_run() -> None:
    suite = filled(a_suite(an_experiment(numbers={**HEALED, "accepted": 970})))
    rows = {row["name"]: row for row in beside_control(suite["experiments"][1], control_of(suite))}
    assert rows["mails accepted"] == {"name": "mails accepted", "unit": "", "value": 970, "control": 979, "delta": -9}
    assert (rows["from start to end"]["unit"], rows["from start to end"]["delta"]) == ("s", 12.5)
    assert rows["from healing to the end"]["delta"] is None


def test_the_control_run_is_not_compared_with_itself() -> None:
    suite = filled(a_suite(an_experiment()))
    control, other = suite["experiments"]
    assert took_longer(control, control_of(suite)) is None
    assert took_longer(other, control_of(suite)) == 12.5


def test_without_a_control_run_there_are_no_differences() -> None:
    suite = filled(a_suite(control=None))
    assert control_of(suite) is None
    assert {row["delta"] for row in beside_control(suite["experiments"][0], None)} == {None}


def test_a_difference_bears_its_sign() -> None:
    assert [signed(value) for value in (2, -2, 0, None)] == ["+2", "\N{MINUS SIGN}2", "0", "\N{EN DASH}"]


def test_the_loss_of_a_kill_is_the_share_of_what_nobody_may_know() -> None:
    killed = an_experiment("killed", "F07", expected=LIMITS, numbers={**NUMBERS, "indeterminate": 40, "effects": 4})
    skipped = an_experiment("killed-elsewhere", "F07", "skipped")
    (row,) = kills_of(filled(a_suite(killed, skipped, an_experiment())))
    assert (row["kills"], row["indeterminate"], row["per_kill"], row["most"]) == (4, 40, 10, 25)


def test_a_kill_that_was_never_seen_has_no_share() -> None:
    (row,) = kills_of(filled(a_suite(an_experiment("killed", "F07", numbers={**NUMBERS, "effects": 0}))))
    assert row["per_kill"] is None


def test_checkers_stand_in_the_order_of_their_numbers() -> None:
    mutants = [a_mutant("M1", "t", ["I12", "I2"], ["X1"]), a_mutant("M2", "t", ["I2"], ["I1"])]
    assert checkers_of(mutants) == ["I1", "I2", "I12", "X1"]


@pytest.mark.parametrize(
    ("expected", "caught", "hits"),
    [
        (["I1"], ["I1"], ["red", ""]),
        (["I1"], ["I1", "I8"], ["red", "stray"]),
        (["I1", "I8"], ["I8"], ["missed", "red"]),
        (["I1"], [], ["missed", ""]),
    ],
)
def test_a_mutant_hits_its_checkers_or_misses_them(expected: list[str], caught: list[str], hits: list[str]) -> None:
    assert hits_of(a_mutant("M1", "t", expected, caught), ["I1", "I8"]) == hits


def test_a_mutant_that_was_not_run_hits_nothing() -> None:
    assert hits_of(a_mutant("M1", "t", ["I1"], [], outcome="not run"), ["I1", "I8"]) == ["open", ""]


def test_what_nothing_was_learned_from_is_listed_with_its_reason() -> None:
    suite = a_suite(
        an_experiment(),
        an_experiment("late", "F25", "not run", title="Late", reason=""),
        uncovered=[{"fault": "F43", "title": "Failover", "reason": "not survivable"}],
    )
    assert [(row["fault"], row["title"], row["what"], row["reason"]) for row in not_shown(filled(suite))] == [
        ("F25", "Late", "not run", "no reason was given"),
        ("F43", "Failover", "no experiment", "not survivable"),
    ]
