"""What every mutant must say of itself, that it can still be made, and when it counts as caught."""

from __future__ import annotations

import filecmp
from typing import TYPE_CHECKING

import pytest

from chaos.mutants import all_mutants
from chaos.mutants.exhibit import CALM
from chaos.mutants.idle import Idle
from chaos.mutants.mutant import Change, DoesNotApplyError, Mutant
from chaos.mutants.product import SOURCE, Copy
from chaos.mutants.shown import entry_of, judge_mutant
from slo_reports import schemas
from slo_reports.trials.trial import CHECKS, Outcome, Trial
from slo_reports.verdict import Kind, Status, Verdict
from stack.programs import PROCESSES, worker_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.unit

MUTANTS = list(all_mutants().values())
RULES = {check.id for check in CHECKS}
NEEDS_NO_CODE = {"M12"}


def name(mutant: Mutant) -> str:
    return mutant.name


def changed_files(product: Path) -> list[str]:
    """Files of a copy that are not what they are in the product."""
    files = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.*") if path.is_file() and path.suffix != ".pyc"]
    return [str(file) for file in files if not filecmp.cmp(SOURCE / file, product / file, shallow=False)]


def a_mutant(*, expected: Sequence[str] = ("I1",), words: str = "", turns: Status = Status.MISSED) -> Mutant:
    return Mutant(
        name="M1",
        title="A mistake",
        why="People make it.",
        expected=tuple(expected),
        companions={"I9": "follows from it"},
        experiment=CALM,
        words=words,
        turns=turns,
    )


def a_trial(*, missed: Sequence[str] = (), unknown: Sequence[str] = (), says: str = "so it is") -> Trial:
    found = {**dict.fromkeys(missed, Status.MISSED), **dict.fromkeys(unknown, Status.UNKNOWN)}
    verdicts = [
        Verdict(id=rule, name="a_rule", kind=Kind.INVARIANT, status=found.get(rule, Status.MET), says=says)
        for rule in ("I1", "I2", "I9", "I10", "I17")
    ]
    return Trial(outcome=Outcome.BROKEN if missed else Outcome.HELD, verdicts=verdicts)


def test_there_are_twelve_mutants() -> None:
    assert list(all_mutants()) == [f"M{number}" for number in range(1, 13)]


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_a_mutant_names_rules_that_exist_and_says_why(mutant: Mutant) -> None:
    assert mutant.expected
    assert {*mutant.expected, *mutant.companions} <= RULES
    assert set(mutant.expected) <= set(mutant.experiment.invariants)
    assert not set(mutant.expected) & set(mutant.companions)
    assert mutant.why.endswith(".")


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_a_mutant_applies_to_the_product_and_changes_one_file(mutant: Mutant, tmp_path: Path) -> None:
    Copy(tmp_path / "system").make(mutant.changes)
    changed = changed_files(tmp_path / "system")
    assert len(changed) == (0 if mutant.name in NEEDS_NO_CODE else 1)
    for file in changed:
        compile((tmp_path / "system" / file).read_text(), file, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_whoever_runs_changed_code_is_started_anew(mutant: Mutant) -> None:
    assert bool(mutant.programs) == bool(mutant.changes)
    assert set(mutant.programs) <= {"web", *map(worker_name, PROCESSES)}


def test_a_mutant_that_no_longer_applies_is_an_error_that_says_where(tmp_path: Path) -> None:
    gone = Change(file="mail/provider.py", old="what nobody ever wrote", new="")
    with pytest.raises(DoesNotApplyError, match=r"system/mail/provider\.py holds 0 times .*'what nobody ever wrote'"):
        Copy(tmp_path / "system").make([gone])


def test_what_is_there_twice_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "twice.py").write_text("one, one")
    with pytest.raises(DoesNotApplyError, match="holds 2 times"):
        Change(file="twice.py", old="one", new="two").apply(tmp_path)
    assert (tmp_path / "twice.py").read_text() == "one, one"


def test_the_next_mutant_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "system")
    copy.make(all_mutants()["M1"].changes)
    copy.make(all_mutants()["M9"].changes)
    assert changed_files(copy.place) == ["mail/reply.py"]
    copy.make(())
    assert changed_files(copy.place) == []


def test_the_product_itself_stays_as_it_is(tmp_path: Path) -> None:
    before = (SOURCE / "mail/reply.py").read_bytes()
    Copy(tmp_path / "system").make(all_mutants()["M9"].changes)
    assert (SOURCE / "mail/reply.py").read_bytes() == before


def test_caught_by_exactly_its_rules() -> None:
    shown = judge_mutant(a_mutant(), a_trial(missed=["I1"]))
    assert (shown.outcome, shown.caught, shown.reason) == ("caught", ("I1",), "I1: so it is")


def test_a_companion_may_turn_red_too() -> None:
    shown = judge_mutant(a_mutant(), a_trial(missed=["I1", "I9"]))
    assert (shown.outcome, shown.caught) == ("caught", ("I1", "I9"))


def test_a_mutant_that_nobody_noticed_survived() -> None:
    shown = judge_mutant(a_mutant(), a_trial())
    assert (shown.outcome, shown.reason) == ("survived", "I1 did not turn missed")


def test_a_companion_alone_does_not_catch() -> None:
    assert judge_mutant(a_mutant(), a_trial(missed=["I9"])).outcome == "survived"


def test_another_rule_than_expected_is_wrong() -> None:
    shown = judge_mutant(a_mutant(), a_trial(missed=["I1", "I2"]))
    assert (shown.outcome, shown.reason) == ("wrong", "I2 turned missed as well: so it is")


def test_half_of_the_expected_rules_is_wrong() -> None:
    shown = judge_mutant(a_mutant(expected=["I1", "I2"]), a_trial(missed=["I1"]))
    assert (shown.outcome, shown.reason) == ("wrong", "I2 did not turn missed")


def test_a_busy_machine_neither_catches_nor_spoils() -> None:
    assert judge_mutant(a_mutant(), a_trial(missed=["I1", "I10"])).outcome == "caught"
    assert judge_mutant(a_mutant(), a_trial(missed=["I10"])).outcome == "survived"


def test_a_rule_of_the_machine_counts_when_it_speaks_of_the_mistake() -> None:
    mutant = a_mutant(expected=["I10"], words="a 429")
    assert (
        judge_mutant(mutant, a_trial(missed=["I10"], says="3 mails came before a 429 allowed it")).outcome == "caught"
    )
    assert judge_mutant(mutant, a_trial(missed=["I10"], says="101 mails in a second")).outcome == "survived"


def test_an_idle_injector_must_make_its_rule_unknown() -> None:
    mutant = a_mutant(expected=["I17"], turns=Status.UNKNOWN)
    assert judge_mutant(mutant, a_trial(unknown=["I17"])).outcome == "caught"
    assert judge_mutant(mutant, a_trial()).outcome == "survived"
    assert judge_mutant(mutant, a_trial(unknown=["I17"], missed=["I2"])).outcome == "wrong"


def test_what_could_not_run_is_not_caught() -> None:
    shown = judge_mutant(a_mutant(), Trial(outcome=Outcome.NOT_RUN, reason="no stack"))
    assert (shown.outcome, shown.reason) == ("not run", "no stack")


def test_an_idle_injector_is_never_seen() -> None:
    idle = Idle()
    idle.inject()
    assert not idle.look()
    idle.heal()


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_a_row_fits_the_schema_of_a_suite(mutant: Mutant) -> None:
    entry = entry_of(mutant, judge_mutant(mutant, a_trial(missed=["I1"])))
    suite = {"schema": "steadypost-chaos/1", "mutants": [entry]}
    assert not [found for found in schemas.objections(suite, schemas.SUITE) if found.field.startswith("mutants")]
