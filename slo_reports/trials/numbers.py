"""The numbers of one experiment that stand beside those of its control run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.fault_windows import fault_windows
from slo_reports.recovery import best_rate, recoveries
from slo_reports.run_folder import ATTEMPTS, HISTORY, JOBS, LEDGER, UnreadableRunError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slo_reports.tables import Run

NAMES: Final = {
    "accepted": "mails accepted",
    "duplicates": "mails too many",
    "failed": "failed",
    "indeterminate": "indeterminate",
    "unexplained": "without an explained end",
    "amplification": "requests per mail",
    "attempts": "attempts",
    "took_s": "s from start to end",
    "ended_after_healing_s": "s from healing to the end",
    "first_accept_s": "s from healing to the first mail",
    "full_rate_s": "s from healing to the full rate",
    "best_rate": "mails/s in the best 5 s",
    "effects": "effects seen",
}
"""What each number is, for tables."""

_JOBS: Final = """
SELECT count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'indeterminate'),
       count(*) FILTER (WHERE status IN ('pending', 'ready', 'claimed', 'sending', 'unknown')) FROM jobs
"""
_LEDGER: Final = """
SELECT count(*) FILTER (WHERE kind = 'accepted'), count(*) FILTER (WHERE kind = 'rejected'),
       count(*) FILTER (WHERE kind = 'accepted') - count(DISTINCT user_id) FILTER (WHERE kind = 'accepted') FROM ledger
"""
_SPAN: Final = """
SELECT min("at") FILTER (WHERE f = 'start_campaign' AND type = 'ok'),
       min("at") FILTER (WHERE f = 'campaign_ended' AND type = 'ok') FROM history
"""


def numbers_of(run: Run) -> dict[str, float | None]:
    """By the names in NAMES; None where a number has no meaning, nothing where the run is too damaged to count."""
    try:
        failed, indeterminate, unexplained = run.one(_JOBS, uses=(JOBS,))
        accepted, rejected, duplicates = run.one(_LEDGER, uses=(LEDGER,))
        (attempts,) = run.one("SELECT count(*) FROM attempts", uses=(ATTEMPTS,))
        started_at, ended_at = run.one(_SPAN, uses=(HISTORY,))
        windows = fault_windows(run)
        found = recoveries(run, limit=float(run.fact("campaign", "mails_per_s")), of_all=True)
    except UnreadableRunError:
        return {}
    healed = [window.healed_at for window in windows if window.healed_at is not None]
    return {
        "accepted": accepted,
        "duplicates": duplicates,
        "failed": failed,
        "indeterminate": indeterminate,
        "unexplained": unexplained,
        "amplification": round((accepted + rejected) / accepted, 4) if accepted else None,
        "attempts": attempts,
        "took_s": _between(started_at, ended_at),
        "ended_after_healing_s": _between(max(healed), ended_at) if healed else None,
        "first_accept_s": _most(recovery.first_accept_s for recovery in found),
        "full_rate_s": _most(recovery.full_rate_s for recovery in found if recovery.enough_left),
        "best_rate": best_rate(run),
        "effects": sum(window.observed for window in windows),
    }


def _between(since: float | None, until: float | None) -> float | None:
    return None if since is None or until is None else round(max(0.0, until - since), 3)


def _most(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(max(known), 3) if known else None
