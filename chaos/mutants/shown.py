"""What became of a mutant: caught by exactly its rules, by others, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slo_reports.trials.trial import Outcome
from slo_reports.verdict import Status

if TYPE_CHECKING:
    from chaos.mutants.mutant import Mutant
    from slo_reports.trials.trial import Trial
    from slo_reports.verdict import Verdict

OF_THE_MACHINE: Final = frozenset({"I10", "I12", "I15", "X2"})
"""They judge rates, times and descriptors, and a busy machine breaks them by itself: they count where expected."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One row of the table."""

    outcome: Literal["caught", "survived", "wrong", "not run"]
    caught: tuple[str, ...] = ()
    """The rules that turned red, without those of the machine."""
    reason: str = ""


def judge_mutant(mutant: Mutant, trial: Trial) -> Shown:
    """Caught when every expected rule turned red, and no other but the companions."""
    if trial.outcome in (Outcome.SKIPPED, Outcome.NOT_RUN):
        return Shown(outcome="not run", reason=trial.reason)
    red = {verdict.id: verdict for verdict in trial.verdicts if _counts(mutant, verdict)}
    turned = tuple(red)
    missing = [rule for rule in mutant.expected if rule not in red]
    strange = [verdict for verdict in red.values() if verdict.id not in {*mutant.expected, *mutant.companions}]
    if strange:
        told = "; ".join(f"{verdict.id} turned {verdict.status} as well: {verdict.says}" for verdict in strange)
        return Shown(outcome="wrong", caught=turned, reason=told)
    if missing:
        outcome: Literal["survived", "wrong"] = "survived" if len(missing) == len(mutant.expected) else "wrong"
        return Shown(outcome=outcome, caught=turned, reason=f"{', '.join(missing)} did not turn {mutant.turns}")
    says = "; ".join(f"{rule}: {red[rule].says}" for rule in mutant.expected)
    return Shown(outcome="caught", caught=turned, reason=says)


def entry_of(mutant: Mutant, shown: Shown) -> dict[str, Any]:
    """The row as `suite.json` keeps it."""
    return {
        "name": mutant.name,
        "title": mutant.title,
        "expected": list(mutant.expected),
        "caught": list(shown.caught),
        "experiment": mutant.experiment.name,
        "reason": shown.reason,
        "outcome": shown.outcome,
    }


def _counts(mutant: Mutant, verdict: Verdict) -> bool:
    if verdict.id in mutant.expected:
        return verdict.status is mutant.turns and _speaks_of(mutant.words, verdict)
    return verdict.status is Status.MISSED and verdict.id not in OF_THE_MACHINE


def _speaks_of(words: str, verdict: Verdict) -> bool:
    return any(words in text for text in (verdict.says, *verdict.evidence))
