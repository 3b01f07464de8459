"""F10: Redis is killed and comes back with what its append-only file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene

ACKNOWLEDGING: Final = 4
"""Workers, each of which may have been about to acknowledge one message."""


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.away("redis", fault="F10", how="KILL"), hold_s=4.0)]


EXPERIMENTS = (
    Experiment(
        name="redis-killed",
        fault="F10",
        rank=Rank.P0,
        title="kill -9 of Redis for 4 s",
        loses="Tasks of the last second would be lost, and their users get no mail.",
        why="everysec may lose a second of tasks; none of them is the record of anything.",
        notices="Nothing: mails come a few seconds later.",
        dependency="Redis",
        trouble="down",
        # Acknowledgements that the dying server did not hear: what they are for stands in its append-only file.
        expected=Expected(unacked=ACKNOWLEDGING),
        steps=_steps,
    ),
)
