"""F19: Redis takes connections and answers nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _frozen(scene: Scene) -> list[Step]:
    return [Step(injector=scene.frozen("redis", fault="F19"), hold_s=8.0)]


def _black_hole(scene: Scene) -> list[Step]:
    return [Step(injector=scene.network.timeout("workers-redis", fault="F19"), hold_s=8.0)]


EXPERIMENTS = (
    Experiment(
        name="redis-frozen",
        fault="F19",
        rank=Rank.P1,
        title="Redis hangs for 8 s",
        loses="Workers and beats would wait for ever, and the campaign with them.",
        why="Every use of Redis has a timeout; Celery's default blocked for more than 40 s.",
        notices="Mails come seconds later.",
        dependency="Redis",
        trouble="slow",
        steps=_frozen,
        expected=Expected(first_accept_s=8.0, full_rate_s=10.0),
    ),
    Experiment(
        name="redis-black-hole",
        fault="F19",
        rank=Rank.P1,
        title="The network swallows what Redis answers for 8 s",
        loses="Workers and beats would wait for ever, and the campaign with them.",
        why="The same for connections that stay open and silent, by Toxiproxy.",
        notices="Mails come seconds later.",
        dependency="Redis",
        trouble="slow",
        steps=_black_hole,
        expected=Expected(first_accept_s=8.0, full_rate_s=10.0),
    ),
)
