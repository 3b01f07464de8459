"""How the whole run recovered: from the last healing to the last ended job, and who had to help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slo_reports import run_folder
from slo_reports.fault_windows import TOTAL_OUTAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.report.contents.clock import RunClock
    from slo_reports.report.contents.faults import Injection
    from slo_reports.tables import Run


def recovery_of(run: Run, clock: RunClock, faults: Sequence[Injection]) -> dict[str, Any]:
    """Seconds; `None` where it never happened or no fault was injected."""
    ended_at, operator_actions = run.one(
        "SELECT max(\"at\") FILTER (f = 'campaign_ended' AND type = 'ok'), count(*) FILTER (actor = 'operator') "
        "FROM history",
        uses=[run_folder.HISTORY],
    )
    ended_s = clock.since_start_s(ended_at)
    healed_s = max((fault["to_s"] for fault in faults if fault["healed"]), default=None)
    outages = [fault["recovery"] for fault in faults if fault["fault"] == TOTAL_OUTAGE and fault["recovery"]]
    return {
        "first_accept_s": _slowest(outages, "first_accept_s"),
        "full_rate_s": _slowest(outages, "full_rate_s"),
        "ended_s": ended_s,
        "ended_after_healing_s": None if None in (ended_s, healed_s) else round(ended_s - healed_s, 3),  # type: ignore[operator]  # neither is None
        "operator_actions": operator_actions,
    }


def _slowest(recoveries: Sequence[dict[str, Any]], key: str) -> float | None:
    """None as soon as one outage was never recovered from."""
    values = [recovery[key] for recovery in recoveries]
    return None if not values or None in values else max(values)
