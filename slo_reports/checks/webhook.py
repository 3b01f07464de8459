"""S2 and S3: the webhook answers within a second at the stated rate, and a second later what it took in is visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, objective, unknown
from slo_reports.checks.load import saturation
from slo_reports.checks.percentiles import percentile
from slo_reports.run_folder import EVENTS, INBOX, REQUESTS, RUN
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.tables import Run

OBJECTIVE_MS: Final = 1_000.0
DESIGN_MS: Final = 50.0
SHARE: Final = 0.99
FAILED_MS: Final = 60_000.0
"""What a request counts that was dropped, got no answer or a refusal: longer than any real answer."""

_RESPONSE: Final = f"""
SELECT stage, intended_at, CASE WHEN coalesce(dropped, false) OR done_at IS NULL OR status NOT BETWEEN 200 AND 299
    THEN {FAILED_MS} ELSE (done_at - intended_at) * 1000 END AS value
FROM requests WHERE "user" = 'provider'
"""  # noqa: S608  # numbers of our own

_SERVICE: Final = """
SELECT (done_at - sent_at) * 1000 AS value FROM requests
WHERE "user" = 'provider' AND status BETWEEN 200 AND 299 AND done_at IS NOT NULL
"""

_POSTS: Final = f"""
SELECT CASE WHEN i.applied_at IS NULL THEN {FAILED_MS} ELSE (i.applied_at - r.intended_at) * 1000 END AS value
FROM requests r LEFT JOIN inbox i ON i.digest = r.digest WHERE r."user" = 'provider'
"""  # noqa: S608  # numbers of our own

_EVENTS: Final = f"""
SELECT CASE WHEN applied_at IS NULL THEN {FAILED_MS} ELSE (applied_at - received_at) * 1000 END AS value FROM events
"""  # noqa: S608  # numbers of our own


@objective(
    "S2",
    "webhook-latency",
    promise="The 99th percentile of the webhook's response time, counted from the intended instant, is below 1 s.",
    sources=(RUN, REQUESTS),
)
def check_latency(run: Run) -> Finding:
    """Every request of the provider, in all stages; a dropped or failed one is slower than any other."""
    measure = _measure(run, _RESPONSE, uses=(REQUESTS,), method="from intended start to answer; failures count 60 s")
    if measure is None:
        return unknown("no webhook load was recorded")
    if doubts := saturation(run):
        return unknown(f"the load generator was saturated ({'; '.join(doubts)})", measure=measure)
    service = percentile(run, _SERVICE, SHARE, uses=(REQUESTS,))
    stages = run.rows(
        f"SELECT stage, quantile_disc(value, {SHARE}) FROM ({_RESPONSE}) GROUP BY stage ORDER BY min(intended_at)",  # noqa: S608  # same
        uses=(REQUESTS,),
    )
    by_stage = ", ".join(f"{stage} {value:,.1f} ms" for stage, value in stages)
    says = (
        f"response p99 {measure.value:,.1f} ms ({by_stage}), service p99 {service.value if service else 0:,.1f} ms; "
        f"design target {DESIGN_MS:g} ms {'reached' if measure.value < DESIGN_MS else 'not reached'}"
    )
    return Finding(status=_status(measure), says=says, measure=measure)


@objective(
    "S3",
    "webhook-freshness",
    promise="The 99th percentile of the time until an event is visible in the database is below 1 s.",
    sources=(RUN, REQUESTS, INBOX, EVENTS),
)
def check_freshness(run: Run) -> Finding:
    """Posts from their intended instant, and all applied events from their arrival; both must hold."""
    posts = _measure(
        run,
        _POSTS,
        uses=(REQUESTS, INBOX),
        method="from intended start of a post to its events' commit; lost ones 60 s",
    )
    events = _measure(run, _EVENTS, uses=(EVENTS,), method="from arrival to commit")
    if posts is None or events is None:
        return unknown("no webhook load was recorded" if posts is None else "no webhook event was applied")
    if doubts := saturation(run):
        return unknown(f"the load generator was saturated ({'; '.join(doubts)})", measure=posts)
    worse = max(posts, events, key=lambda measure: measure.value)
    says = (
        f"posts p99 {posts.value:,.1f} ms from the intended start, "
        f"{events.n:,} events p99 {events.value:,.1f} ms from their arrival"
    )
    return Finding(status=_status(worse), says=says, measure=posts if worse is posts else events)


def _measure(run: Run, values: str, *, uses: Sequence[str], method: str) -> Measure | None:
    found = percentile(run, values, SHARE, uses=uses)
    if found is None:
        return None
    (slow,) = run.one(f"SELECT count(*) FROM ({values}) WHERE value >= {OBJECTIVE_MS}", uses=uses)  # noqa: S608  # same
    return Measure(
        value=found.value,
        unit="ms",
        objective=f"p99 < {OBJECTIVE_MS:,.0f} ms",
        threshold=OBJECTIVE_MS,
        interval=found.interval,
        n=found.n,
        method=f"{method}; order statistics, 95 %",
        budget_left=1 - slow / found.n / (1 - SHARE),
    )


def _status(measure: Measure) -> Status:
    return Status.MET if measure.value < OBJECTIVE_MS else Status.MISSED
