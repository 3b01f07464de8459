"""F26: the provider firmly rejects every mail, for a reason that only a person can mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.operator import UntilResumed
from system.storage.newsletters import WEEKLY

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.scene import Scene

IN_FLIGHT = 2 * 32


def _until_resumed(what: str, **rule: object) -> Callable[[Scene], list[Step]]:
    def steps(scene: Scene) -> list[Step]:
        paused = UntilResumed(
            cause=scene.provider_fault(what, **rule),
            run=scene.run,
            env=scene.env,
            newsletter=WEEKLY,
            week_key=scene.week_key,
        )
        return [Step(injector=paused, hold_s=40.0, until_seen=True)]

    return steps


EXPERIMENTS = (
    Experiment(
        name="provider-key-revoked",
        fault="F26",
        rank=Rank.P1,
        title="The API key is revoked in mid-campaign",
        loses="The whole rest of the audience would be burned on one wrong key.",
        why="A 401 is about us and not about the mail: the campaign pauses, jobs stay ready, an alert says why.",
        notices="Mails come when the operator has put in a new key.",
        dependency="provider",
        trouble="down",
        steps=_until_resumed("revoked_key"),
        expected=Expected(first_accept_s=10.0, full_rate_s=10.0, operator_actions=1),
    ),
    Experiment(
        name="provider-rejects-every-mail",
        fault="F26",
        rank=Rank.P1,
        title="Every mail gets the same 400, as with a broken template",
        loses="The whole rest of the audience would be burned on one broken template.",
        why="A run of identical rejections pauses the campaign.",
        notices="Those who were rejected before the pause get no mail this week; the others when it is resumed.",
        dependency="provider",
        trouble="down",
        steps=_until_resumed("status", status=400),
        expected=Expected(failed=50 + IN_FLIGHT, first_accept_s=10.0, full_rate_s=10.0, operator_actions=1),
    ),
)
