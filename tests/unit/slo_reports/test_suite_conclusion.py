"""What a suite comes to: its exit code, its sentence, its sums, and what it does not prove."""

from __future__ import annotations

from typing import Any

import pytest

from loadtests.synthetic_suite import HEALED, a_cycle, a_mutant, a_suite, an_experiment, every_outcome
from slo_reports.trials.conclusion import sentence_of, suite_exit_code, sums_of
from slo_reports.trials.filled import filled
from slo_reports.trials.limits import limits_of

pytestmark = pytest.mark.unit


def a_soak(*outcomes: str, **changes: Any) -> dict[str, Any]:
    cycles = [a_cycle(number, outcome) for number, outcome in enumerate(outcomes, start=1)]
    return {"minutes": 60.0, "seed": 1, "faults": 112, "shrunk": None, "cycles": cycles, **changes}


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (["held"], 0),
        (["held", "skipped"], 0),
        (["held", "broken"], 2),
        (["held", "inconclusive"], 3),
        (["held", "not run"], 3),
        (["broken", "inconclusive", "not run", "skipped"], 2),
    ],
)
def test_the_gravest_experiment_decides_the_exit_code(outcomes: list[str], code: int) -> None:
    assert suite_exit_code(a_suite(*(an_experiment(f"n{n}", outcome=one) for n, one in enumerate(outcomes)))) == code


@pytest.mark.parametrize(("caught", "code"), [(["I1"], 0), ([], 2), (["I2"], 2)])
def test_a_mutant_that_is_not_caught_as_expected_breaks_the_suite(caught: list[str], code: int) -> None:
    assert suite_exit_code(a_suite(mutants=[a_mutant("M1", "Tried again", ["I1"], caught)])) == code


def test_a_mutant_that_was_not_run_leaves_the_suite_open() -> None:
    assert suite_exit_code(a_suite(mutants=[a_mutant("M1", "Tried again", ["I1"], [], outcome="not run")])) == 3


@pytest.mark.parametrize(("outcome", "code"), [("held", 0), ("broken", 2), ("inconclusive", 3)])
def test_a_cycle_of_the_soak_counts_like_an_experiment(outcome: str, code: int) -> None:
    assert suite_exit_code(a_suite(soak=a_soak("held", outcome))) == code


@pytest.mark.parametrize("experiments", [[], [an_experiment(outcome="skipped")]])
def test_a_suite_in_which_nothing_was_carried_out_proves_nothing(experiments: list[dict[str, Any]]) -> None:
    assert suite_exit_code(a_suite(experiments=experiments)) == 3


@pytest.mark.parametrize("state", ["recording", "interrupted"])
def test_a_suite_that_did_not_reach_its_end_is_open(state: str) -> None:
    suite = a_suite(state=state)
    assert suite_exit_code(suite) == 3
    assert f"did not reach its end (state: {state})" in sentence_of(suite)


def test_the_sentence_of_a_sound_suite() -> None:
    suite = a_suite(an_experiment(), mutants=[a_mutant("M1", "Tried again", ["I1"], ["I1"])], soak=a_soak("held"))
    assert sentence_of(suite) == (
        "2 of 2 experiments held, 1 of 1 mutant were caught, 1 of 1 soak cycle held: "
        "0 duplicates and 0 unexplained jobs among 2,937 mails."
    )


def test_the_sentence_names_what_is_not_as_it_should_be() -> None:
    assert sentence_of(every_outcome()).startswith(
        "4 of 7 experiments held (1 broke, 1 inconclusive, 1 not run; 1 skipped)"
    )


def test_skipped_experiments_are_not_counted_among_those_that_could_hold() -> None:
    assert sentence_of(a_suite(an_experiment(outcome="skipped"))).startswith("1 of 1 experiment held (1 skipped)")


def test_an_empty_suite_says_so() -> None:
    assert sentence_of(a_suite(experiments=[])) == "Nothing was carried out: nothing is proven."


def test_duplicates_are_summed_over_experiments_and_cycles_and_not_over_mutants() -> None:
    soak = a_soak(cycles=[a_cycle(1, numbers={**HEALED, "duplicates": 2, "unexplained": 5})])
    experiment = an_experiment(numbers={**HEALED, "duplicates": 1})
    sums = sums_of(a_suite(experiment, soak=soak, mutants=[a_mutant("M1", "Tried again", ["I1"], ["I1"])]))
    assert (sums.duplicates, sums.unexplained, sums.accepted, sums.runs) == (3, 5, 3 * 979, 3)


def test_a_run_too_damaged_to_count_is_told() -> None:
    suite = filled(a_suite(an_experiment(outcome="inconclusive", numbers={})))
    assert sums_of(suite).uncounted == 1
    assert any(limit.startswith("1 run could not be counted") for limit in limits_of(suite))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"git": {"sha": "45cbfd4e", "dirty": True}}, "The working tree had uncommitted changes"),
        ({"git": None}, "The commit was not recorded."),
        ({"control": None}, "No control run stands beside the experiments"),
        ({"mutants": []}, "No mutant was run"),
        ({"soak": None}, "There was no soak"),
        ({"soak": a_soak("held", minutes=10.0, faults=12)}, "The soak had 12 faults in 10 minutes"),
        (
            {"uncovered": [{"fault": "F43", "title": "t", "reason": "r"}]},
            "1 row of the fault matrix has no experiment.",
        ),
    ],
)
def test_what_a_suite_does_not_prove_follows_from_what_was_carried_out(changes: dict[str, Any], says: str) -> None:
    assert any(limit.startswith(says) for limit in limits_of(filled(a_suite(**changes))))


def test_a_full_soak_is_no_limit() -> None:
    assert not any("soak had" in limit for limit in limits_of(filled(a_suite(soak=a_soak("held")))))
