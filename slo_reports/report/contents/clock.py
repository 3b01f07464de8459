"""The run's own clock: second zero is the campaign's start, and the timeline spans all that was recorded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slo_reports import run_folder
from slo_reports.run_folder import UnreadableRunError

if TYPE_CHECKING:
    from slo_reports.tables import Run

MAX_POINTS: Final = 600
STEPS_S: Final = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600)

_STARTS: Final = (
    ("SELECT min(\"at\") FROM history WHERE f = 'start_campaign'", run_folder.HISTORY),
    ('SELECT min("at" - at_s) FROM samples', run_folder.SAMPLES),
    ("SELECT min(received_at) FROM ledger WHERE kind = 'accepted'", run_folder.LEDGER),
    ("SELECT min(intended_at) FROM requests", run_folder.REQUESTS),
)
_EXTENTS: Final = (
    ('SELECT min("at"), max("at") FROM samples', run_folder.SAMPLES),
    ("SELECT min(received_at), max(received_at) FROM ledger WHERE kind = 'accepted'", run_folder.LEDGER),
    ("SELECT min(intended_at), max(coalesce(done_at, intended_at)) FROM requests", run_folder.REQUESTS),
)


@dataclass(frozen=True, kw_only=True)
class RunClock:
    """Unix seconds to seconds of the run, and to the buckets of the timeline."""

    zero_at: float
    from_s: int
    step_s: int
    points: int

    @property
    def first_at(self) -> float:
        """Unix time of the first bucket's start."""
        return self.zero_at + self.from_s

    def since_start_s(self, at: float | None) -> float | None:
        """Seconds since the campaign's start."""
        return None if at is None else round(at - self.zero_at, 3)


def clock_of(run: Run) -> RunClock:
    """UnreadableRunError when nothing in the folder carries a time."""
    starts = [found for statement, name in _STARTS if (found := _tried(run, statement, name)[0]) is not None]
    if not starts:
        raise UnreadableRunError("nothing in this run carries a time: no history, samples, receipts or requests")
    zero_at = float(starts[0])
    extents = [found for statement, name in _EXTENTS if (found := _tried(run, statement, name))[0] is not None]
    first = min((float(low) for low, _ in extents), default=zero_at)
    last = max((float(high) for _, high in extents), default=zero_at)
    from_s = math.floor(first - zero_at)
    span_s = max(1, math.ceil(last - zero_at) - from_s + 1)
    step_s = next((step for step in STEPS_S if span_s / step <= MAX_POINTS), math.ceil(span_s / MAX_POINTS))
    return RunClock(zero_at=zero_at, from_s=from_s, step_s=step_s, points=math.ceil(span_s / step_s))


def _tried(run: Run, statement: str, name: str) -> tuple[Any, ...]:
    """The only row; nothing when the file can't be read: another file may know."""
    try:
        return run.one(statement, uses=[name])
    except UnreadableRunError:
        return (None, None)
