"""What each kind of process needs at a rate of mails, and what it carries: cores, processes, memory."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from system.planning.scenario import Scenario
    from system.planning.unit_costs import UnitCosts

EMAILS_PER_CONTAINER = 2
BEATS = 2
POSTGRES_GB_PER_CORE = 4.0
"""Not measured: what machines for databases are rented with."""
REDIS_BASE_MB = 3.0
REDIS_COPIES = 2
"""While it rewrites its log, Redis may hold what it has twice."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """One kind of process of one installation."""

    name: str
    processes: int
    cores: float
    """Used at the planned rate."""
    memory_mb: float
    carries_mails_per_s: float | None = None
    """At most, by all of its processes; None for what no mail waits for."""
    is_given: bool = False
    """The number of processes was said, not sized."""


def size(scenario: Scenario, costs: UnitCosts, *, mails_per_s: float, most_waiting: int = 0) -> list[Role]:
    """Every role of one installation for a rate; what was said about processes stays as it was said."""
    events_per_s = mails_per_s * costs.events_per_mail
    posts_per_mail = costs.events_per_mail / scenario.events_per_post
    web_ms, tracking_ms = costs.web_ms_per_post * posts_per_mail, costs.tracking_ms_per_event * costs.events_per_mail
    return [
        senders(scenario, costs, mails_per_s=mails_per_s),
        _workers(scenario, "ml", ms=costs.ml_ms_per_job, rate=mails_per_s, mb=costs.ml_mb_per_process),
        _workers(scenario, "tracking", ms=tracking_ms, rate=mails_per_s, mb=costs.tracking_mb_per_process),
        _workers(scenario, "web", ms=web_ms, rate=mails_per_s, mb=costs.web_mb_per_process),
        Role(
            name="orchestrator",
            processes=scenario.dispatchers,
            cores=costs.orchestrator_idle_cores + mails_per_s * costs.orchestrator_ms_per_job / 1000,
            memory_mb=(scenario.dispatchers + 1) * costs.orchestrator_mb_per_process,
            is_given="orchestrator" in scenario.processes,
        ),
        Role(
            name="beat",
            processes=BEATS,
            cores=BEATS * costs.beat_idle_cores,
            memory_mb=BEATS * costs.orchestrator_mb_per_process,
        ),
        _postgres(scenario, costs, mails_per_s=mails_per_s, events_per_s=events_per_s),
        _redis(costs, mails_per_s=mails_per_s, most_waiting=most_waiting),
    ]


def senders(scenario: Scenario, costs: UnitCosts, *, mails_per_s: float) -> Role:
    """The email workers: bound by CPU, by requests in flight, and by one batch of one account at a time."""
    cores = costs.emails_idle_cores + mails_per_s * costs.emails_ms_per_mail / 1000
    each = sender_mails_per_s(scenario, costs)
    wanted = max(
        scenario.senders,
        ceil(cores / scenario.headroom),
        ceil(mails_per_s / each / scenario.headroom),
    )
    processes = scenario.processes.get("emails", wanted)
    containers = ceil(processes / EMAILS_PER_CONTAINER)
    return Role(
        name="emails",
        processes=processes,
        cores=cores,
        memory_mb=(processes + containers) * costs.emails_mb_per_process,
        carries_mails_per_s=processes * each,
        is_given="emails" in scenario.processes,
    )


def sender_mails_per_s(scenario: Scenario, costs: UnitCosts) -> float:
    """The most that one sending process can do."""
    in_flight = scenario.sends_in_flight / (scenario.provider_latency_ms / 1000)
    return min(1000 / costs.emails_ms_per_mail, in_flight)


def _workers(scenario: Scenario, name: str, *, ms: float, rate: float, mb: float) -> Role:
    cores = rate * ms / 1000
    processes = scenario.processes.get(name, max(1, ceil(cores / scenario.headroom)))
    return Role(
        name=name,
        processes=processes,
        cores=cores,
        memory_mb=2 * processes * mb,  # a container holds one process and its parent
        carries_mails_per_s=processes * 1000 / ms,
        is_given=name in scenario.processes,
    )


def _postgres(scenario: Scenario, costs: UnitCosts, *, mails_per_s: float, events_per_s: float) -> Role:
    cores = (mails_per_s * costs.postgres_ms_per_mail + events_per_s * costs.postgres_ms_per_event) / 1000
    there = scenario.postgres_cores or max(1, ceil(cores / scenario.headroom))
    return Role(
        name="postgres",
        processes=there,
        cores=cores,
        memory_mb=1000 * POSTGRES_GB_PER_CORE * there,
        carries_mails_per_s=there * 1000 / costs.postgres_ms_per_sent_mail,
        is_given=scenario.postgres_cores is not None,
    )


def _redis(costs: UnitCosts, *, mails_per_s: float, most_waiting: int) -> Role:
    return Role(
        name="redis",
        processes=1,
        cores=costs.redis_idle_cores + mails_per_s * costs.redis_ms_per_mail / 1000,
        memory_mb=REDIS_COPIES * (REDIS_BASE_MB + most_waiting * costs.message / 1e6),
        carries_mails_per_s=(1 - costs.redis_idle_cores) * 1000 / costs.redis_ms_per_mail,
    )
