"""How a run came back after each fault: seconds to the first mail, seconds to the full rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from slo_reports.fault_windows import TOTAL_OUTAGE, fault_windows
from slo_reports.run_folder import LEDGER

if TYPE_CHECKING:
    from slo_reports.fault_windows import FaultWindow
    from slo_reports.tables import Run

FIRST_ACCEPT_S: Final = 3.0
FULL_RATE_S: Final = 5.0
FULL_RATE: Final = 0.95
SHARE_OF_CONTROL: Final = 0.9
"""An experiment's machine may not reach the limit even undisturbed."""
RATE_WINDOW_S: Final = 5.0
STEP_S: Final = 0.1
LOOK_S: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What happened after one outage was healed; seconds count from the end of healing."""

    fault: str
    healed_at: float
    mails: int
    """Accepted after healing."""
    first_accept_s: float | None
    full_rate_s: float | None
    """When the first window began in which enough of the limit was used."""
    best_rate: float
    """Mails per second in the best of the windows that began in time."""
    enough_left: bool
    """Whether there were enough mails left to fill one window."""


def recoveries(run: Run, *, limit: float, of_all: bool = False) -> list[Recovery]:
    """One for each outage of the provider that was healed; with `of_all`, for each fault.

    What is looked at ends where the next fault begins.
    """
    windows = fault_windows(run)
    return [
        _recovery(run, window, window.healed_at, until=_next_fault(windows, window.healed_at), limit=limit)
        for window in windows
        if (of_all or window.fault == TOTAL_OUTAGE) and window.healed_at is not None
    ]


def full_rate(run: Run, *, limit: float) -> float:
    """Mails per second that count as the full rate: a share of the limit, or of what the control run reached."""
    control = (run.facts.get("control") or {}).get("mails_per_s")
    return FULL_RATE * limit if control is None else min(FULL_RATE * limit, SHARE_OF_CONTROL * float(control))


def best_rate(run: Run) -> float | None:
    """Mails per second in the best of all windows that begin with a mail; None when there was no mail."""
    (best,) = run.one(_BEST, uses=(LEDGER,))
    return None if best is None else best / RATE_WINDOW_S


def _next_fault(windows: list[FaultWindow], after: float) -> float:
    return min((window.injected_at for window in windows if window.injected_at >= after), default=math.inf)


def _recovery(run: Run, window: FaultWindow, healed_at: float, *, until: float, limit: float) -> Recovery:
    mails, first_at = run.one(
        "SELECT count(*), min(received_at) FROM ledger"
        " WHERE kind = 'accepted' AND received_at >= ? AND received_at < ?",
        [healed_at, until],
        uses=(LEDGER,),
    )
    full = full_rate(run, limit=limit) * RATE_WINDOW_S
    full_rate_s, best = run.one(_RATES, [healed_at, full, until], uses=(LEDGER,))
    return Recovery(
        fault=window.fault,
        healed_at=healed_at,
        mails=mails,
        first_accept_s=None if first_at is None else first_at - healed_at,
        full_rate_s=full_rate_s,
        best_rate=(best or 0) / RATE_WINDOW_S,
        enough_left=mails >= limit * RATE_WINDOW_S,
    )


# Every window that begins a multiple of STEP_S after healing: the first that is full, and the fullest that is in time.
_RATES: Final = f"""
WITH mails AS (
    SELECT received_at - $1 AS after_s FROM ledger
    WHERE kind = 'accepted' AND received_at >= $1 AND received_at < least($1 + {LOOK_S + RATE_WINDOW_S}, $3)
), windows AS (
    SELECT (step * {STEP_S})::DOUBLE AS begins_s, count(after_s) AS mails
    FROM range({int(LOOK_S / STEP_S) + 1}) AS r (step)
    LEFT JOIN mails ON after_s >= step * {STEP_S} AND after_s < step * {STEP_S} + {RATE_WINDOW_S}
    GROUP BY step
)
SELECT min(begins_s) FILTER (WHERE mails >= $2), max(mails) FILTER (WHERE begins_s <= {FULL_RATE_S}) FROM windows
"""  # noqa: S608  # numbers of our own

_BEST: Final = f"""
SELECT max(mails) FROM (
    SELECT count(*) OVER (ORDER BY received_at RANGE BETWEEN CURRENT ROW AND {RATE_WINDOW_S}::DOUBLE FOLLOWING) AS mails
    FROM ledger WHERE kind = 'accepted'
)
"""  # noqa: S608  # numbers of our own
