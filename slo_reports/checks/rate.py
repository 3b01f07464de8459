"""I10 and R1: never above the provider's limit, and not much below it while the provider works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, objective, unknown
from slo_reports.checks.waiting import early_mails
from slo_reports.expected import expected_of
from slo_reports.fault_windows import FaultWindow, fault_windows
from slo_reports.recovery import FULL_RATE_S
from slo_reports.run_folder import HISTORY, LEDGER, RUN
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.tables import Run

LEAST_USE: Final = 0.98
LEAST_USE_COMPRESSED: Final = 0.95
"""A compressed run sends for seconds: one slow second of twenty is 5 %, of a thousand it is nothing."""

# Microseconds, so that "less than a second later" is exact.
_WINDOWS: Final = """
WITH receipts AS (
    SELECT round(received_at * 1e6)::BIGINT AS us, row_number() OVER (ORDER BY received_at) AS place
    FROM ledger WHERE kind IN ('accepted', 'rejected')
), moments AS (
    SELECT us, min(place) AS first, max(place) AS last FROM receipts GROUP BY us
)
SELECT a.us / 1e6 AS begins_at, b.last - a.first + 1 AS mails
FROM moments a ASOF JOIN moments b ON a.us + 999999 >= b.us
"""


@invariant(
    "I10",
    "provider_limits_respected",
    promise="In no rolling second does the provider receive more mails than its limit, and none after a 429 before "
    "the time that it named.",
    sources=(RUN, LEDGER),
)
def check_limit(run: Run) -> Finding:
    """Every half-open second [t, t + 1) that begins with a receipt, and every 429's time to come back.

    By the kernel's times at the provider.
    """
    limit = float(run.fact("campaign", "mails_per_s"))
    expected = expected_of(run)
    bunched = 0 if expected is None else expected.bunched_mails
    (mails,) = run.one("SELECT count(*) FROM ledger WHERE kind IN ('accepted', 'rejected')", uses=(LEDGER,))
    if not mails:
        return unknown("the provider received no mail")
    (peak,) = run.one(f"SELECT max(mails) FROM ({_WINDOWS})", uses=(LEDGER,))  # noqa: S608  # a statement of this file
    some = run.rows(
        f"SELECT begins_at, mails FROM ({_WINDOWS}) WHERE mails > ? ORDER BY begins_at LIMIT 50",  # noqa: S608  # same
        [limit + bunched],
        uses=(LEDGER,),
    )
    through = f" and {bunched} that a proxy may bunch" if bunched else ""
    measure = Measure(
        value=float(peak),
        unit="mails/s",
        objective=f"≤ {limit:g} mails in any rolling second{through}",
        threshold=limit + bunched,
        n=mails,
        method="most receipts in any half-open second that begins with one; a census, so there is no interval",
    )
    too_early = early_mails(run)
    early = f"; {len(too_early):,} mails came before a 429 allowed it" if too_early else ""
    return Finding(
        status=Status.MISSED if peak > limit + bunched or too_early else Status.MET,
        says=f"at most {peak:,} mails in any rolling second, limit {limit:g}{through}{early}",
        measure=measure,
        evidence=(*too_early[:20], *(f"{count} mails in the second from {at:.6f}" for at, count in some)),
        stands=True,
    )


@objective(
    "R1",
    "limit_is_used",
    promise="While the provider can be reached, 98 % of its limit is used (95 % in a compressed run).",
    sources=(RUN, LEDGER, HISTORY),
)
def check_use(run: Run) -> Finding:
    """From first to last receipt, without the time from a fault until the full rate is due again (S5 judges that)."""
    limit = float(run.fact("campaign", "mails_per_s"))
    least_use = LEAST_USE if run.fact("mode", "kind") == "full" else LEAST_USE_COMPRESSED
    windows = fault_windows(run)
    mails, span_s, whole_s = _sending(run, windows)
    if span_s <= 1:
        return unknown(f"{mails:,} mails in {span_s:.1f} s are too few to speak of a rate")
    rate = mails / span_s
    use = rate / limit
    outage_s = sum((w.healed_at or w.injected_at) - w.injected_at for w in windows)
    measure = Measure(
        value=rate,
        unit="mails/s",
        objective=f"≥ {least_use:.0%} of {limit:g} mails/s",
        threshold=least_use * limit,
        n=mails,
        method="mails by sending time outside faults; a census, so there is no interval",
        budget_left=1 - (1 - use) / (1 - least_use),
    )
    says = (
        f"{rate:.1f} mails/s for {span_s:,.1f} s, {use:.1%} of the limit; first to last mail took {whole_s:,.1f} s, "
        f"mails/limit and faults alone would take {mails / limit + outage_s:,.1f} s"
    )
    return Finding(status=Status.MET if use >= least_use else Status.MISSED, says=says, measure=measure)


def _sending(run: Run, windows: Sequence[FaultWindow]) -> tuple[int, float, float]:
    """Intervals between mails, seconds that they took outside faults, and seconds from first to last."""
    faults = [(w.injected_at, w.ends_at + FULL_RATE_S) for w in windows if w.ends_at is not None]
    listed = ", ".join(f"({injected_at!r}::DOUBLE, {ends_at!r}::DOUBLE)" for injected_at, ends_at in faults)
    statement = f"""
        WITH faults AS (FROM (VALUES (NULL, NULL), {listed or "(NULL, NULL)"}) AS f (injected_at, ends_at)),
        parts AS (
            SELECT (SELECT count(*) FROM faults WHERE ends_at <= received_at) AS part, count(*) AS mails,
                   min(received_at) AS first_at, max(received_at) AS last_at
            FROM ledger
            WHERE kind = 'accepted'
              AND NOT EXISTS (SELECT 1 FROM faults WHERE received_at >= injected_at AND received_at < ends_at)
            GROUP BY part
        )
        SELECT coalesce(sum(mails - 1), 0)::BIGINT, coalesce(sum(last_at - first_at), 0),
               (SELECT coalesce(max(received_at) - min(received_at), 0) FROM ledger WHERE kind = 'accepted')
        FROM parts
    """  # noqa: S608  # numbers of our own
    mails, span_s, whole_s = run.one(statement, uses=(LEDGER,))
    return int(mails), float(span_s), float(whole_s)
