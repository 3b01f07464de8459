"""F01: the provider refuses every connection in mid-campaign, and is back later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene

IN_FLIGHT = 2 * 32
"""Processes times open requests."""


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.network.down("workers-provider", fault="F01"), hold_s=8.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-refuses",
        fault="F01",
        rank=Rank.P0,
        title="SendGrid refuses every connection",
        loses="Every mail of the outage would be given up, or sent again and again.",
        why="The headline promise, in small: a breaker opens, one probe a second, and no attempt is spent.",
        notices="Mails come later by as long as the outage lasts.",
        dependency="provider",
        trouble="down",
        steps=_steps,
        # Open connections are ended: what was out on them stays unknown, and nobody has accepted it.
        expected=Expected(indeterminate=IN_FLIGHT, first_accept_s=3.0),
    ),
)
