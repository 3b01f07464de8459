"""F37: the account is suspended: mails are accepted, and nothing is delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("suspended", count=50), hold_s=4.0)]


EXPERIMENTS = (
    Experiment(
        name="account-suspended",
        fault="F37",
        rank=Rank.P1,
        title="Fifty mails are accepted by a suspended account",
        loses="A campaign would be shown as sent of which nobody has seen a mail.",
        why="Accepted is not delivered: the ratio is shown and alerted on.",
        notices="Fifty people get no mail.",
        dependency="provider",
        trouble="losing data",
        steps=_steps,
    ),
)
