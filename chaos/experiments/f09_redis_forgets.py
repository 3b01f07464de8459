"""F09: Redis loses every key in mid-campaign, while it runs or by coming back without its disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step
from chaos.injectors.broker import Flushed

if TYPE_CHECKING:
    from chaos.scene import Scene


def _flushed(scene: Scene) -> list[Step]:
    return [Step(injector=Flushed(redis_url=scene.redis_url), hold_s=2.0)]


def _restarted_empty(scene: Scene) -> list[Step]:
    injector = scene.away("redis", fault="F09", how="KILL", loses=scene.data / "redis")
    return [Step(injector=injector, hold_s=3.0)]


EXPERIMENTS = (
    Experiment(
        name="redis-flushed",
        fault="F09",
        rank=Rank.P0,
        title="FLUSHALL",
        loses="Everybody whose task was in the queue would get no mail, and nobody would know.",
        why="Redis is disposable: PostgreSQL is the queue of record, and a sweep puts back what is due.",
        notices="Nothing: mails come a few seconds later.",
        dependency="Redis",
        trouble="losing data",
        steps=_flushed,
    ),
    Experiment(
        name="redis-restarted-empty",
        fault="F09",
        rank=Rank.P0,
        title="Redis comes back without its data",
        loses="Everybody whose task was in the queue would get no mail, and nobody would know.",
        why="As after a lost disk; permits, breaker and schedule are gone as well.",
        notices="Nothing: mails come a few seconds later.",
        dependency="Redis",
        trouble="losing data",
        steps=_restarted_empty,
    ),
)
