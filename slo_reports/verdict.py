"""What a check says of a run: met, missed or unknown, with its evidence; and what that makes of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Status(StrEnum):
    """An exception inside a check is UNKNOWN, never MET."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """A missed invariant is a violation; a missed objective has cost some budget."""

    INVARIANT = "invariant"
    OBJECTIVE = "objective"


class ExitCode(IntEnum):
    """What `slo-test` and `slo judge` exit with."""

    MET = 0
    MISSED = 1
    VIOLATED = 2
    INCONCLUSIVE = 3
    HARNESS_ERROR = 4


@dataclass(frozen=True, kw_only=True)
class Measure:
    """The number behind a verdict, in the unit in which people speak of it."""

    value: float
    unit: str
    """`ms`, `s`, `mails/s`, `share` (0 to 1), `mails`, …"""
    objective: str
    """As a person would write it: `< 1,000 ms`."""
    threshold: float | None = None
    interval: tuple[float, float] | None = None
    """95 %: Wilson for ratios, order statistics for percentiles, 3/N above a count of zero."""
    n: int | None = None
    """Sample size."""
    method: str = ""
    """How it was measured and what the interval is, in half a sentence."""
    budget_left: float | None = None
    """Share of the error budget that is left, 0 to 1; negative when overspent."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One check's answer."""

    id: str
    name: str
    kind: Kind
    status: Status
    says: str
    promise: str = ""
    """The rule in one sentence, for a reader who has not seen it."""
    measure: Measure | None = None
    evidence: tuple[str, ...] = ()
    """Up to 50 ids that break the rule."""
    sources: tuple[str, ...] = ()
    """Files of the run folder that it was read from."""


def exit_code(verdicts: Sequence[Verdict]) -> ExitCode:
    """The run's verdict: violated before missed before inconclusive before met."""
    missed = {verdict.kind for verdict in verdicts if verdict.status is Status.MISSED}
    if Kind.INVARIANT in missed:
        return ExitCode.VIOLATED
    if Kind.OBJECTIVE in missed:
        return ExitCode.MISSED
    if not verdicts or any(verdict.status is Status.UNKNOWN for verdict in verdicts):
        return ExitCode.INCONCLUSIVE
    return ExitCode.MET
