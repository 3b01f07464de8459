"""F40: the wall clock of the orchestrator jumps an hour back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Needs, Rank, Step
from chaos.injectors.clock import ClockJump

if TYPE_CHECKING:
    from chaos.scene import Scene

PROGRAM = "worker-orchestrator"


def _steps(scene: Scene) -> list[Step]:
    jump = ClockJump(supervisor=scene.supervisor, program=PROGRAM, control=scene.clock(PROGRAM), by_s=-3_600)
    return [Step(injector=jump, at_share=0.1, hold_s=6.0)]


EXPERIMENTS = (
    Experiment(
        name="clock-jumps-back",
        fault="F40",
        rank=Rank.P2,
        title="The orchestrator's clock is an hour behind for 6 s",
        loses="A week would have two campaigns, or none.",
        why="The key is the campaign's own week, never today's date.",
        notices="Nothing.",
        dependency="machine",
        trouble="lying",
        steps=_steps,
        # The library that bends the clock costs the program half its speed, before the jump as well.
        expected=Expected(full_rate_s=None),
        needs=Needs(clock_of=(PROGRAM,)),
    ),
)
