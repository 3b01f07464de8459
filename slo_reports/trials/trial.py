"""What became of one experiment, judged from its run folder alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from slo_reports.checks.expectations import check_end, check_losses, check_rate
from slo_reports.expected import FACT
from slo_reports.fault_windows import fault_windows
from slo_reports.judge import INVARIANTS
from slo_reports.run_folder import UnreadableRunError
from slo_reports.tables import Run
from slo_reports.trials.numbers import numbers_of
from slo_reports.verdict import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.fault_windows import FaultWindow
    from slo_reports.run_folder import RunFolder
    from slo_reports.verdict import Verdict

CHECKS: Final = (*INVARIANTS, check_losses, check_end, check_rate)
EXPECTATIONS: Final = ("X1", "X2", "X3")


class Outcome(StrEnum):
    """How an experiment ended."""

    HELD = "held"
    SLOW = "slow"
    """Every invariant holds, and an objective of speed was missed."""
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    """This machine can't show the fault."""
    NOT_RUN = "not run"
    """There was no time left, or the harness failed."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One experiment with its verdicts."""

    outcome: Outcome
    verdicts: list[Verdict] = field(default_factory=list)
    numbers: dict[str, float | None] = field(default_factory=dict)
    faults: list[FaultWindow] = field(default_factory=list)
    reason: str = ""
    """Why it is not held, in one line."""


def judge_trial(folder: RunFolder) -> Trial:
    """Every invariant that the experiment asks for must be known to hold; any other that is broken breaks it too."""
    try:
        with Run(folder) as run:
            asked = {*run.fact(FACT, "invariants"), *EXPECTATIONS}
            verdicts = [check(run) for check in CHECKS]
            numbers, faults = numbers_of(run), fault_windows(run)
    except UnreadableRunError as exc:
        return Trial(outcome=Outcome.INCONCLUSIVE, reason=str(exc))
    kept = [verdict for verdict in verdicts if verdict.id in asked or verdict.status is Status.MISSED]
    outcome = _outcome(kept)
    return Trial(outcome=outcome, verdicts=kept, numbers=numbers, faults=faults, reason=_reason(kept))


def _outcome(verdicts: Sequence[Verdict]) -> Outcome:
    missed = {verdict.kind for verdict in verdicts if verdict.status is Status.MISSED}
    if Kind.INVARIANT in missed:
        return Outcome.BROKEN
    if any(verdict.status is Status.UNKNOWN for verdict in verdicts):
        return Outcome.INCONCLUSIVE
    return Outcome.SLOW if missed else Outcome.HELD


def _reason(verdicts: Sequence[Verdict]) -> str:
    worst = sorted((verdict for verdict in verdicts if verdict.status is not Status.MET), key=_unknown_last)
    return "; ".join(f"{verdict.id} {verdict.name}: {verdict.says}" for verdict in worst[:3])


def _unknown_last(verdict: Verdict) -> bool:
    return verdict.status is Status.UNKNOWN
