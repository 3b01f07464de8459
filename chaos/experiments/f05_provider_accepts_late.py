"""F05: the provider accepts a mail after the client has given up waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene

AFTER_THE_DEADLINE_S = 5.0


def _steps(scene: Scene) -> list[Step]:
    late = scene.provider_fault("late_accept", delay_s=AFTER_THE_DEADLINE_S, count=20)
    return [Step(injector=late, hold_s=4.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-accepts-late",
        fault="F05",
        rank=Rank.P0,
        title="SendGrid accepts a second after the deadline",
        loses="Some would get two mails: the late one, and the retry that overtook it.",
        why="Nothing that may have been accepted is sent again, however long it takes.",
        notices="Nothing.",
        dependency="provider",
        trouble="slow",
        steps=_steps,
    ),
)
