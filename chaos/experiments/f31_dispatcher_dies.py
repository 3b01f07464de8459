"""F31: the dispatcher dies when a page of jobs is committed and its batches are not enqueued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.at("after_page", fault="F31"), at_share=0.0, hold_s=20.0, until_seen=True)]


EXPERIMENTS = (
    Experiment(
        name="dispatcher-dies",
        fault="F31",
        rank=Rank.P1,
        title="The dispatcher dies between two pages",
        loses="The users of a page would get no mail, or two jobs.",
        why="The cursor is committed with its page, and what was not enqueued is found by the sweep.",
        notices="Nothing: mails come seconds later.",
        dependency="our processes",
        trouble="down",
        steps=_steps,
        expected=Expected(first_accept_s=20.0, full_rate_s=20.0, unacked=4),
    ),
)
