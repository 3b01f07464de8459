"""I11: retries stay within their budget: per job, over the whole run, and while the provider is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, unknown
from slo_reports.fault_windows import TOTAL_OUTAGE, FaultWindow, fault_windows
from slo_reports.run_folder import ATTEMPTS, HISTORY, LEDGER, RUN
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from slo_reports.tables import Run

MOST_AMPLIFICATION: Final = 1.1
# What the settings are when a run does not record them.
MAX_ATTEMPTS: Final = 20
PROBE_INTERVAL_S: Final = 1.0
SENDS_IN_FLIGHT: Final = 32
GROUPS_AT_ONSET: Final = 2
"""The group under way, and the one that a process begins before the run of failures has opened the breaker for all."""


@invariant(
    "I11",
    "retry_budget",
    promise="No job is tried too often, the provider gets at most 1.1 requests a mail, in an outage only probes.",
    sources=(RUN, LEDGER, ATTEMPTS, HISTORY),
)
def check_retries(run: Run) -> Finding:
    """Requests as the provider counted them, attempts as the database did."""
    accepted, rejected = run.one(
        "SELECT count(*) FILTER (WHERE kind = 'accepted'), count(*) FILTER (WHERE kind = 'rejected') FROM ledger",
        uses=(LEDGER,),
    )
    if not accepted:
        return unknown("the provider accepted no mail")
    amplification = (accepted + rejected) / accepted
    wrong = _tried_too_often(run)
    if amplification > MOST_AMPLIFICATION:
        wrong.append(f"{accepted + rejected:,} requests for {accepted:,} mails")
    outages = [_outage(run, window) for window in fault_windows(run) if window.fault == TOTAL_OUTAGE]
    wrong += [f"{made:,} attempts in the outage, {allowed:,} allowed" for made, allowed in outages if made > allowed]
    listed = "".join(f"; {made:,} attempts in the outage, {allowed:,} allowed" for made, allowed in outages)
    measure = Measure(
        value=amplification,
        unit="requests per mail",
        objective=f"≤ {MOST_AMPLIFICATION:g}",
        threshold=MOST_AMPLIFICATION,
        n=accepted,
        method="accepted and rejected by accepted, by the provider's ledger; a census, so there is no interval",
    )
    return Finding(
        status=Status.MISSED if wrong else Status.MET,
        says=f"{amplification:.3f} requests per mail{listed}",
        measure=measure,
        evidence=tuple(wrong),
        stands=bool(wrong) and amplification <= MOST_AMPLIFICATION,
    )


def _tried_too_often(run: Run) -> list[str]:
    most = int(run.setting("max_attempts", default=MAX_ATTEMPTS))
    rows = run.rows(
        "SELECT job_id, count(*) AS n FROM attempts GROUP BY job_id HAVING n > ? ORDER BY n DESC LIMIT 40",
        [most],
        uses=(ATTEMPTS,),
    )
    return [f"job {job}: {count} attempts, {most} allowed" for job, count in rows]


def _outage(run: Run, window: FaultWindow) -> tuple[int, int]:
    """Attempts whose intent fell into an outage, and how many there may be: probes, and what was on its way."""
    ends_at = window.ends_at or window.injected_at
    made, workers = run.one(
        """SELECT count(*) FILTER (WHERE intent_at >= $1), count(DISTINCT worker) FROM attempts WHERE intent_at < $2""",
        [window.injected_at, ends_at],
        uses=(ATTEMPTS,),
    )
    probes = (ends_at - window.injected_at) / run.setting("probe_interval_s", default=PROBE_INTERVAL_S) + 1
    in_flight = GROUPS_AT_ONSET * run.setting("sends_in_flight", default=SENDS_IN_FLIGHT) * workers
    return made, int(probes + in_flight)
