"""I17: every fault that was injected really happened; one that did not bite proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo_reports.checks.check import Finding, invariant, unknown
from slo_reports.fault_windows import TOTAL_OUTAGE, FaultWindow, fault_windows
from slo_reports.run_folder import HISTORY, LEDGER
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from slo_reports.tables import Run


@invariant(
    "I17",
    "fault_really_happened",
    promise="Every injected fault was seen to bite while it was in force; otherwise the run proves nothing.",
    sources=(HISTORY, LEDGER),
)
def check_faults(run: Run) -> Finding:
    """An effect seen from outside, and for a total outage a ledger without a single acceptance."""
    windows = fault_windows(run)
    if not windows:
        return unknown("no fault was injected, so nothing is shown about faults")
    doubts = [f"{w.fault} {w.name}: {doubt}" for w in windows if (doubt := _doubt(run, w))]
    measure = Measure(
        value=float(sum(w.observed for w in windows)),
        unit="effects",
        objective="≥ 1 for each fault",
        threshold=1.0,
        n=len(windows),
        method="effects seen while the faults were in force",
    )
    seen = ", ".join(f"{w.fault} {w.name}: {w.observed:,} effects ({w.how})" for w in windows)
    status = Status.UNKNOWN if doubts else Status.MET
    return Finding(status=status, says="; ".join(doubts) or seen, measure=measure, evidence=tuple(doubts))


def _doubt(run: Run, window: FaultWindow) -> str | None:
    if window.ends_at is None or window.healed_at is None:
        return "it was never healed"
    if window.observed < 1:
        return "no effect was seen while it was in force"
    if window.fault != TOTAL_OUTAGE:
        return None
    (mails,) = run.one(
        "SELECT count(*) FROM ledger WHERE kind = 'accepted' AND received_at >= ? AND received_at < ?",
        [window.injected_at, window.ends_at],
        uses=(LEDGER,),
    )
    return f"the provider accepted {mails:,} mails while it was away" if mails else None
