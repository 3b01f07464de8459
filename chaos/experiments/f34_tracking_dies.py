"""F34: whoever takes in or applies events dies between two commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene
    from system.failpoints import Failpoint

PLACES: tuple[Failpoint, ...] = ("before_apply", "after_apply", "after_inbox")


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.at(place, fault="F34"), at_share=0.1, hold_s=20.0, until_seen=True) for place in PLACES]


EXPERIMENTS = (
    Experiment(
        name="tracking-dies",
        fault="F34",
        rank=Rank.P1,
        title="The tracking worker and the webhook die between two commits",
        loses="Events would be lost, or counted twice.",
        why="The inbox is the record: what is not applied is applied later, and an event's id counts once.",
        notices="Nothing.",
        dependency="our processes",
        trouble="down",
        steps=_steps,
        expected=Expected(full_rate_s=None, unacked=4),
    ),
)
