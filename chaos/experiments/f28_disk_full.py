"""F28: the volume of a server is full, and somebody makes room later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Needs, Rank, Step
from chaos.injectors.disk import DiskFull

if TYPE_CHECKING:
    from chaos.scene import Scene

REDIS_MB = 64
POSTGRES_MB = 512
UNACKED = 8
"""Messages that all workers together may have taken."""


def _redis(scene: Scene) -> list[Step]:
    return [Step(injector=DiskFull(folder=scene.volume("redis")), hold_s=6.0)]


def _postgres(scene: Scene) -> list[Step]:
    return [Step(injector=DiskFull(folder=scene.volume("postgres")), hold_s=6.0)]


EXPERIMENTS = (
    Experiment(
        name="redis-disk-full",
        fault="F28",
        rank=Rank.P1,
        title="No byte left for Redis' append-only file",
        loses="Redis would refuse writes, and the campaign stand still for ever.",
        why="Redis takes no write until there is room; the sweep goes on then.",
        notices="Mails come later, by as long as the disk is full.",
        dependency="Redis",
        trouble="down",
        steps=_redis,
        # Acknowledgements are refused as well: their messages come once more, after the visibility timeout.
        expected=Expected(first_accept_s=10.0, full_rate_s=15.0, unacked=UNACKED),
        needs=Needs(small_volumes={"redis": REDIS_MB}),
    ),
    Experiment(
        name="postgres-disk-full",
        fault="F28",
        rank=Rank.P1,
        title="No byte left for PostgreSQL",
        loses="Intents that could not be written would be sent all the same.",
        why="No intent, no mail; PostgreSQL may end and recovers when there is room.",
        notices="Mails come later, by as long as the disk is full.",
        dependency="PostgreSQL",
        trouble="down",
        steps=_postgres,
        expected=Expected(indeterminate=2 * 32, first_accept_s=20.0, full_rate_s=25.0),
        needs=Needs(small_volumes={"postgres": POSTGRES_MB}),
    ),
)
