"""S4: whether the webhook load was what it claims to be; when it was not, no latency can be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, objective, unknown
from slo_reports.checks.percentiles import percentile
from slo_reports.intervals import wilson
from slo_reports.run_folder import REQUESTS, RUN
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from slo_reports.tables import Run

MOST_LAG_MS: Final = 50.0
"""5 % of the objective. Response times count from when a post was due, so lag is inside them: it can make a latency
look worse than it is, never better. Well below a millisecond is what a machine of its own would give the load."""
MOST_DROPPED: Final = 0.001
LEAST_SHORTFALL: Final = 0.05
STRAY: Final = 5.0
"""Relative standard errors of a sum of batches of random size that arrive at random."""

_LAG: Final = "SELECT (sent_at - intended_at) * 1000 AS value FROM requests WHERE sent_at IS NOT NULL"


@objective(
    "S4",
    "load-honesty",
    promise="Requests leave when they are due (p99 of the lag ≤ 50 ms), at most 0.1 % are dropped, none is left out.",
    sources=(RUN, REQUESTS),
)
def check_load(run: Run) -> Finding:
    """Never missed: a load that can't keep its schedule says nothing about the system, so it is unknown."""
    requests, dropped, events, span_s = run.one(
        """SELECT count(*), count(*) FILTER (WHERE dropped), coalesce(sum(events) FILTER (WHERE NOT dropped), 0),
                  max(intended_at) - min(intended_at) FROM requests""",
        uses=(REQUESTS,),
    )
    if not requests:
        return unknown("no webhook load was recorded")
    doubts = saturation(run)
    lag = percentile(run, _LAG, 0.99, uses=(REQUESTS,))
    rate = events / span_s if span_s else 0.0
    measure = None if lag is None else Measure(
        value=lag.value,
        unit="ms",
        objective=f"≤ {MOST_LAG_MS:g} ms",
        threshold=MOST_LAG_MS,
        interval=lag.interval,
        n=lag.n,
        method="p99 of the time from due to sent; order statistics, 95 %",
        budget_left=1 - dropped / requests / MOST_DROPPED,
    )  # fmt: skip
    low, high = wilson(dropped, requests)
    says = f"{requests:,} requests, {rate:,.0f} events/s, {dropped:,} dropped ({low:.2%} to {high:.2%})"
    if doubts:
        return unknown(f"the load generator is saturated: {'; '.join(doubts)}", measure=measure)
    return Finding(status=Status.MET, says=f"{says}, lag p99 {lag.value if lag else 0:.2f} ms", measure=measure)


def saturation(run: Run) -> list[str]:
    """Why the load was not what it claims to be; empty when it was."""
    requests, dropped = run.one("SELECT count(*), count(*) FILTER (WHERE dropped) FROM requests", uses=(REQUESTS,))
    lag = percentile(run, _LAG, 0.99, uses=(REQUESTS,))
    doubts = []
    if lag is None or lag.value > MOST_LAG_MS:
        doubts.append(f"lag p99 {lag.value:.1f} ms, limit {MOST_LAG_MS:g} ms" if lag else "no request was sent")
    if requests and dropped / requests > MOST_DROPPED:
        doubts.append(f"{dropped / requests:.2%} of the requests dropped, limit {MOST_DROPPED:.1%}")
    return doubts + _shortfall(run, requests)


def _shortfall(run: Run, requests: int) -> list[str]:
    """Whether as much was sent as the stages asked for, within what chance allows a random arrival."""
    load = run.fact("load")
    if requests < load["offered"]:
        return [f"{load['offered']:,} requests offered, {requests:,} recorded"]
    planned = sum((stage["seconds"] or 0) * stage["events_per_s"] for stage in load["stages"])
    posts, sent = run.one(
        """SELECT count(*), coalesce(sum(events), 0) FROM requests WHERE "user" = 'provider' AND NOT dropped""",
        uses=(REQUESTS,),
    )
    least = planned * (1 - max(LEAST_SHORTFALL, STRAY / max(1, posts) ** 0.5))
    return [f"{planned:,.0f} events planned, {sent:,} sent"] if sent < least else []
