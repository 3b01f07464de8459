"""F32: both beats are gone for a while, and then come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.together import Together
from stack.programs import BEATS

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    gone = Together(fault="F32", parts=[scene.away(beat, fault="F32") for beat in BEATS])
    killed = scene.ended("worker-ml", fault="F32")
    return [Step(injector=Together(fault="F32", parts=[gone, killed]), at_share=0.05, hold_s=8.0)]


EXPERIMENTS = (
    Experiment(
        name="no-beat",
        fault="F32",
        rank=Rank.P1,
        title="No beat for 8 s, and a worker dies meanwhile",
        loses="Nothing would be swept up any more, and a week without its tick would have no campaign.",
        why="The sweep is sent by whichever beat is leader; what was due meanwhile is still due.",
        notices="Nothing: mails come seconds later.",
        dependency="our processes",
        trouble="down",
        steps=_steps,
        expected=Expected(unacked=4),
    ),
)
