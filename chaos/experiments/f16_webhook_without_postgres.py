"""F16: the webhook gets events while its PostgreSQL is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.network.down("webhook-postgres", fault="F16"), hold_s=6.0)]


EXPERIMENTS = (
    Experiment(
        name="webhook-without-postgres",
        fault="F16",
        rank=Rank.P0,
        title="The webhook can't reach PostgreSQL for 6 s",
        loses="Events of these seconds would be lost for good: bounces unheeded, unknown mails never resolved.",
        why="Never 2xx before the commit: SendGrid repeats for 24 h what got a 5xx.",
        notices="Nothing.",
        dependency="webhook",
        trouble="down",
        steps=_steps,
    ),
)
