"""F04: the provider accepts, and then the connection is reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import PROVIDER_LINK, Expected, Experiment, Needs, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _some(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("accept_then_reset", count=8), hold_s=4.0)]


def _all(scene: Scene) -> list[Step]:
    return [Step(injector=scene.network.reset_peer(PROVIDER_LINK, fault="F04"), hold_s=5.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-resets",
        fault="F04",
        rank=Rank.P0,
        title="SendGrid accepts and the connection breaks",
        loses="Some would get their mail twice.",
        why="A reset after the first byte says nothing about acceptance; eight are too few to open the breaker.",
        notices="Nothing.",
        dependency="provider",
        trouble="lying",
        steps=_some,
    ),
    Experiment(
        name="provider-connections-reset",
        fault="F04",
        rank=Rank.P1,
        title="Every connection to SendGrid ends with RST at its answer",
        loses="Everybody whose mail was under way would get it twice.",
        why="By Toxiproxy: the request has passed, and is accepted, when the answer meets the reset.",
        notices="Nothing, or the mail comes later.",
        dependency="provider",
        trouble="lying",
        steps=_all,
        expected=Expected(indeterminate=2 * 32, bunched_mails=10),
        needs=Needs(links=(PROVIDER_LINK,)),
    ),
)
