"""F18: the wall clock of one worker jumps two hours ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Needs, Rank, Step
from chaos.injectors.clock import ClockJump

if TYPE_CHECKING:
    from chaos.scene import Scene

PROGRAM = "worker-emails"


def _steps(scene: Scene) -> list[Step]:
    jump = ClockJump(supervisor=scene.supervisor, program=PROGRAM, control=scene.clock(PROGRAM), by_s=7_200)
    return [Step(injector=jump, hold_s=5.0)]


EXPERIMENTS = (
    Experiment(
        name="clock-jumps-ahead",
        fault="F18",
        rank=Rank.P1,
        title="The sending worker's clock is two hours ahead for 5 s",
        loses="Tasks under way would count as lost and be done twice.",
        why="Kombu compares wall clocks and delivers again; leases and due times are PostgreSQL's own.",
        notices="Nothing.",
        dependency="machine",
        trouble="lying",
        steps=_steps,
        # The library that bends the clock costs the program half its speed, before the jump as well.
        expected=Expected(full_rate_s=None),
        needs=Needs(clock_of=(PROGRAM,)),
    ),
)
