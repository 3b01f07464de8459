"""M8: the sweep finds no work, so that what Redis has lost stays lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Step
from chaos.injectors.broker import Flushed
from chaos.mutants.exhibit import exhibit
from chaos.mutants.mutant import Change, Mutant

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=Flushed(redis_url=scene.redis_url), at_share=0.1, hold_s=1.0)]


MUTANT = Mutant(
    name="M8",
    title="Nothing is swept up from the database",
    why="The queue is believed to keep what it was given.",
    expected=("I3",),
    experiment=exhibit(
        name="flushed",
        fault="F09",
        title="FLUSHALL",
        steps=_steps,
        ended_within_s=30.0,
    ),
    changes=(
        Change(
            file="pipeline/sweep.py",
            old='    if campaign.state not in ("dispatching", "running"):\n        return\n',
            new="    if campaign.state:\n        return\n",
        ),
    ),
    programs=("worker-orchestrator",),
    leaves_ruins=True,
)
