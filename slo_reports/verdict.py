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
class Verdict:
    """One check's answer."""

    id: str
    name: str
    kind: Kind
    status: Status
    says: str
    evidence: tuple[str, ...] = ()
    """Up to 50 ids that break the rule."""


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
