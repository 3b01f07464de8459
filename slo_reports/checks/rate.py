"""I10 and the use of the limit: never above the provider's rate, and not much below it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from slo_reports import run_folder
from slo_reports.verdict import Kind, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slo_reports.run_folder import RunFolder

LEAST_USE = 0.98


def check_limit(run: RunFolder) -> Verdict:
    """The most mails in any rolling second, by the provider's receipt times."""
    limit = run.facts()["mails_per_s"]
    peak = peak_per_rolling_second(_receipts(run))
    return Verdict(
        id="I10",
        name="provider_limits_respected",
        kind=Kind.INVARIANT,
        status=Status.UNKNOWN if not peak or limit is None else Status.MET if peak <= limit else Status.MISSED,
        says=f"at most {peak} mails in any rolling second, limit {limit}",
    )


def check_use(run: RunFolder) -> Verdict:
    """Mails per second from the first to the last receipt, as a share of the limit."""
    limit = run.facts()["mails_per_s"]
    receipts = sorted(_receipts(run))
    span_s = receipts[-1] - receipts[0] if receipts else 0.0
    measurable = limit is not None and span_s > 1.0
    rate = (len(receipts) - 1) / span_s if span_s else 0.0
    use = rate / limit if measurable else 0.0
    return Verdict(
        id="R1",
        name="limit_is_used",
        kind=Kind.OBJECTIVE,
        status=Status.UNKNOWN if not measurable else Status.MET if use >= LEAST_USE else Status.MISSED,
        says=f"{rate:.1f} mails/s for {span_s:.1f} s: {use:.1%} of the limit (objective {LEAST_USE:.0%})",
    )


def peak_per_rolling_second(moments: Iterable[float]) -> int:
    """The most moments in any half-open second [t, t + 1)."""
    window: deque[float] = deque()
    peak = 0
    for moment in sorted(moments):
        window.append(moment)
        while window[0] <= moment - 1.0:
            window.popleft()
        peak = max(peak, len(window))
    return peak


def _receipts(run: RunFolder) -> list[float]:
    return [line["received_at"] for line in run.lines(run_folder.LEDGER) if line["kind"] == "accepted"]
