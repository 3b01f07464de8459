"""F29: a worker gets no more memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.resources import Exhausted

if TYPE_CHECKING:
    from chaos.scene import Scene


def _ml(scene: Scene) -> list[Step]:
    return [Step(injector=_no_memory(scene, "worker-ml"), at_share=0.0, hold_s=6.0)]


def _emails(scene: Scene) -> list[Step]:
    return [Step(injector=_no_memory(scene, "worker-emails"), hold_s=5.0)]


def _no_memory(scene: Scene, program: str) -> Exhausted:
    return Exhausted(supervisor=scene.supervisor, program=program, resource="memory", room=1)


EXPERIMENTS = (
    Experiment(
        name="recommender-without-memory",
        fault="F29",
        rank=Rank.P1,
        title="The recommending worker gets no memory for 6 s",
        loses="A batch that needs too much would be tried for ever, or its users forgotten.",
        why="Recommendations are attempted again by the sweep, or fall back to what is popular.",
        notices="Nothing, or popular products instead of their own.",
        dependency="recommender",
        trouble="down",
        steps=_ml,
        expected=Expected(first_accept_s=15.0, full_rate_s=20.0, unacked=4),
    ),
    Experiment(
        name="sender-without-memory",
        fault="F29",
        rank=Rank.P1,
        title="The sending worker gets no memory for 5 s",
        loses="Mails under way would be sent twice.",
        why="A MemoryError anywhere is like a crash there.",
        notices="Nothing, for all but at most the group in flight of each process.",
        dependency="our processes",
        trouble="down",
        steps=_emails,
        expected=Expected(indeterminate=2 * 32, first_accept_s=15.0, full_rate_s=20.0, unacked=4),
    ),
)
