"""F15: messages in every queue that nobody should have sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step
from chaos.injectors.broker import Poisoned
from stack.programs import PROCESSES

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=Poisoned(redis_url=scene.redis_url, queues=tuple(PROCESSES)), hold_s=5.0)]


EXPERIMENTS = (
    Experiment(
        name="queues-poisoned",
        fault="F15",
        rank=Rank.P0,
        title="Bad JSON, unknown tasks, old signatures and 10 MB in every queue",
        loses="One malformed message would stop a worker, again and again, and with it the campaign.",
        why="What can't be read is dropped with a log line; what it stood for is still in PostgreSQL.",
        notices="Nothing.",
        dependency="Redis",
        trouble="lying",
        steps=_steps,
    ),
)
