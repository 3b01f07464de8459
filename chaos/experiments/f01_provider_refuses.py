"""F01: the provider refuses every connection in mid-campaign, by itself or because a proxy before it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import PROVIDER_LINK, Expected, Experiment, Needs, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene

IN_FLIGHT = 2 * 32
"""Processes times open requests."""


def _by_itself(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("refuse"), hold_s=8.0)]


def _behind_a_proxy(scene: Scene) -> list[Step]:
    return [Step(injector=scene.network.down(PROVIDER_LINK, fault="F01"), hold_s=8.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-refuses",
        fault="F01",
        rank=Rank.P0,
        title="SendGrid refuses every connection",
        loses="Every mail of the outage would be given up, or sent again and again.",
        why="The headline promise, in small: a breaker opens, one probe a second, and no attempt is spent.",
        notices="Mails come later, by as long as the outage lasts.",
        dependency="provider",
        trouble="down",
        steps=_by_itself,
        # Open connections are ended: what was out on them stays unknown, and nobody has accepted it.
        expected=Expected(indeterminate=IN_FLIGHT, first_accept_s=3.0),
    ),
    Experiment(
        name="provider-unreachable",
        fault="F01",
        rank=Rank.P1,
        title="The way to SendGrid is closed",
        loses="Every mail of the outage would be given up, or sent again and again.",
        why="The same as seen from the network: Toxiproxy ends what is open and refuses what is new.",
        notices="Mails come later, by as long as the outage lasts.",
        dependency="provider",
        trouble="down",
        steps=_behind_a_proxy,
        expected=Expected(indeterminate=IN_FLIGHT, first_accept_s=3.0, bunched_mails=10),
        needs=Needs(links=(PROVIDER_LINK,)),
    ),
)
