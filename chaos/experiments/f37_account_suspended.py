"""F37: the provider suspends the account in mid-campaign, and lifts the suspension later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.operator import UntilResumed
from system.storage.newsletters import WEEKLY

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    paused = UntilResumed(
        cause=scene.provider_fault("suspended"),
        run=scene.run,
        env=scene.env,
        newsletter=WEEKLY,
        week_key=scene.week_key,
    )
    return [Step(injector=paused, hold_s=40.0, until_seen=True)]


EXPERIMENTS = (
    Experiment(
        name="account-suspended",
        fault="F37",
        rank=Rank.P1,
        title="The account is suspended in mid-campaign",
        loses="The whole rest of the audience would be burned on an account that may not send.",
        why="A 403 is about us and not about the mail: the campaign pauses, jobs stay ready, an alert says why.",
        notices="Mails come when the account may send again and the operator has resumed the campaign.",
        dependency="provider",
        trouble="down",
        steps=_steps,
        expected=Expected(first_accept_s=10.0, full_rate_s=10.0, operator_actions=1),
    ),
)
