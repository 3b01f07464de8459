"""F14: the beats die, and the week's campaign is asked for many times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step
from chaos.injectors.together import Together
from chaos.injectors.triggers import Triggered
from stack.programs import BEATS
from system.storage.newsletters import WEEKLY

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    again = Triggered(redis_url=scene.redis_url, newsletter=WEEKLY, week_key=scene.week_key)
    killed = [scene.ended(beat, fault="F14") for beat in BEATS]
    return [
        Step(injector=Together(fault="F14", parts=[again, *killed]), at_share=0.0, hold_s=3.0),
        Step(injector=Triggered(redis_url=scene.redis_url, newsletter=WEEKLY, week_key=scene.week_key), hold_s=2.0),
    ]


EXPERIMENTS = (
    Experiment(
        name="beats-killed-campaign-triggered-again",
        fault="F14",
        rank=Rank.P0,
        title="Both beats are killed, and the week is started twenty times",
        loses="Everybody would get the week's mail twice.",
        why="One row for a newsletter and a week, by a unique constraint; the sweep goes on when a beat is back.",
        notices="Nothing.",
        dependency="our processes",
        trouble="down",
        steps=_steps,
    ),
)
