"""F08: a new version is deployed while a campaign runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.process import RollingDeploy
from stack.programs import BEATS, PROCESSES, worker_name

if TYPE_CHECKING:
    from chaos.scene import Scene

PROGRAMS = ("web", *map(worker_name, PROCESSES), *BEATS)


def _steps(scene: Scene) -> list[Step]:
    deploy = RollingDeploy(supervisor=scene.supervisor, fault="F08", programs=PROGRAMS)
    return [Step(injector=deploy, at_share=0.1, hold_s=1.0)]


EXPERIMENTS = (
    Experiment(
        name="rolling-deploy",
        fault="F08",
        rank=Rank.P0,
        title="Every program is told to end and is replaced, one after the other",
        loses="A deployment on a Monday morning would cost mails, or send them twice.",
        why="TERM ends a worker at its next group; claims that it gave back are taken up by its successor.",
        notices="Nothing, or mails come seconds later.",
        dependency="our processes",
        trouble="down",
        steps=_steps,
        expected=Expected(first_accept_s=15.0, full_rate_s=15.0),
    ),
)
