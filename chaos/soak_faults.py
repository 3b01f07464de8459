"""What a soak draws its faults from: how often each is expected, how it is made, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast, get_args

from chaos.injectors.broker import Flushed, Poisoned
from chaos.injectors.database import NoConnections, TableLocked
from chaos.injectors.provider import WebhookFault
from chaos.injectors.triggers import Triggered
from stack.programs import BEATS, PROCESSES
from system.failpoints import Failpoint
from system.storage.newsletters import WEEKLY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chaos.fault import Injector
    from chaos.scene import Scene

IN_FLIGHT: Final = 2 * 32
"""Processes times open requests: what one ambiguous fault can leave without an answer."""
PLACES: Final = get_args(Failpoint)
GARBLED: Final = {"duplicate_same_id": 0.5, "duplicate_new_id": 0.5, "reorder": 0.3, "delay": 0.2, "delay_s": 3.0}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One fault that a soak may draw."""

    weight: int
    make: Callable[[Scene, int], Injector]
    """The number is drawn too, for kinds that come in several ways."""
    costs: int = 0
    """Jobs of which it may never be known whether they were accepted."""
    until_seen: bool = False


def _failpoint(scene: Scene, number: int) -> Injector:
    return scene.at(cast("Failpoint", PLACES[number % len(PLACES)]))


def _killed(program: str) -> Callable[[Scene, int], Injector]:
    return lambda scene, _: scene.ended(program, fault="F38")


def _slow(link: str) -> Callable[[Scene, int], Injector]:
    return lambda scene, number: scene.network.latency(link, fault="F25", latency_ms=50 + number % 200)


def _down(link: str) -> Callable[[Scene, int], Injector]:
    return lambda scene, _: scene.network.down(link, fault="F38")


KINDS: Final[Mapping[str, Kind]] = {
    "provider-refuses": Kind(weight=3, make=lambda s, _: s.provider_fault("refuse"), costs=IN_FLIGHT),
    "provider-silent": Kind(weight=2, make=lambda s, _: s.provider_fault("accept_then_hang")),
    "provider-resets": Kind(weight=2, make=lambda s, n: s.provider_fault("accept_then_reset", count=1 + n % 9)),
    "provider-late": Kind(weight=1, make=lambda s, n: s.provider_fault("late_accept", delay_s=5.0, count=1 + n % 20)),
    "provider-throttles": Kind(weight=2, make=lambda s, n: s.provider_fault("too_many_requests", count=1 + n % 30)),
    "provider-502": Kind(weight=1, make=lambda s, _: s.provider_fault("status", status=502), costs=IN_FLIGHT),
    "sender-killed": Kind(weight=3, make=_killed("worker-emails"), costs=IN_FLIGHT),
    "sender-frozen": Kind(weight=1, make=lambda s, _: s.frozen("worker-emails", fault="F17"), costs=IN_FLIGHT),
    "died-at-failpoint": Kind(weight=4, make=_failpoint, costs=IN_FLIGHT, until_seen=True),
    "orchestrator-killed": Kind(weight=1, make=_killed("worker-orchestrator")),
    "ml-killed": Kind(weight=1, make=_killed("worker-ml")),
    "tracking-killed": Kind(weight=1, make=_killed("worker-tracking")),
    "web-killed": Kind(weight=2, make=_killed("web")),
    "beat-killed": Kind(weight=1, make=lambda s, n: s.ended(BEATS[n % len(BEATS)], fault="F14")),
    "redis-flushed": Kind(weight=2, make=lambda s, _: Flushed(redis_url=s.redis_url)),
    "redis-away": Kind(weight=2, make=lambda s, _: s.away("redis", fault="F10", how="KILL")),
    "redis-away-empty": Kind(weight=1, make=lambda s, _: s.away("redis", fault="F09", loses=s.data / "redis")),
    "redis-frozen": Kind(weight=1, make=lambda s, _: s.frozen("redis", fault="F19")),
    "redis-slow": Kind(weight=2, make=_slow("workers-redis")),
    "redis-unreachable": Kind(weight=1, make=_down("workers-redis")),
    "postgres-away": Kind(weight=2, make=lambda s, _: s.away("postgres", fault="F11", how="KILL"), costs=IN_FLIGHT),
    "postgres-frozen": Kind(weight=1, make=lambda s, _: s.frozen("postgres", fault="F20"), costs=IN_FLIGHT),
    "postgres-slow": Kind(weight=2, make=_slow("workers-postgres")),
    "postgres-unreachable": Kind(weight=1, make=_down("workers-postgres"), costs=IN_FLIGHT),
    "table-locked": Kind(weight=1, make=lambda s, _: TableLocked(database_url=s.database_url), costs=IN_FLIGHT),
    "no-connections": Kind(weight=1, make=lambda s, _: NoConnections(database_url=s.database_url), costs=IN_FLIGHT),
    "events-garbled": Kind(weight=2, make=lambda s, _: WebhookFault(management_url=s.provider, shares=GARBLED)),
    "webhook-unreachable": Kind(weight=1, make=_down("provider-webhook")),
    "webhook-without-postgres": Kind(weight=1, make=_down("webhook-postgres")),
    "queues-poisoned": Kind(weight=1, make=lambda s, _: Poisoned(redis_url=s.redis_url, queues=tuple(PROCESSES))),
    "triggered-again": Kind(
        weight=1, make=lambda s, _: Triggered(redis_url=s.redis_url, newsletter=WEEKLY, week_key=s.week_key)
    ),
}
"""By name; the weights are relative."""
