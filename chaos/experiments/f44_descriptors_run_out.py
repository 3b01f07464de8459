"""F44: a program gets no more descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.resources import Exhausted

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.scene import Scene


def _steps(program: str) -> Callable[[Scene], list[Step]]:
    def steps(scene: Scene) -> list[Step]:
        none_left = Exhausted(supervisor=scene.supervisor, program=program, resource="descriptors", room=0, fault="F44")
        return [Step(injector=none_left, at_share=0.1, hold_s=5.0)]

    return steps


EXPERIMENTS = (
    Experiment(
        name="sender-without-descriptors",
        fault="F44",
        rank=Rank.P2,
        title="The sending worker may open nothing for 5 s",
        loses="A connection that can't be opened would be taken for a mail that was sent.",
        why="No socket is a definite no.",
        notices="Mails come seconds later.",
        dependency="our processes",
        trouble="slow",
        steps=_steps("worker-emails"),
        expected=Expected(indeterminate=2 * 32, first_accept_s=10.0, full_rate_s=15.0),
    ),
    Experiment(
        name="webhook-without-descriptors",
        fault="F44",
        rank=Rank.P2,
        title="The webhook may open nothing for 5 s",
        loses="Events that could not be taken in would be confirmed.",
        why="SendGrid repeats what got no answer.",
        notices="Nothing.",
        dependency="webhook",
        trouble="down",
        steps=_steps("web"),
    ),
)
