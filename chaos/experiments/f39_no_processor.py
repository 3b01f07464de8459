"""F39: others keep all processors busy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.resources import Starved

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    del scene
    return [Step(injector=Starved(), hold_s=10.0)]


EXPERIMENTS = (
    Experiment(
        name="no-processor",
        fault="F39",
        rank=Rank.P2,
        title="Busy loops on every processor for 10 s",
        loses="Leases would run out under workers that still send, and their mails be sent twice.",
        why="A lapsed lease never leads to a second mail.",
        notices="Mails come later.",
        dependency="machine",
        trouble="slow",
        steps=_steps,
        expected=Expected(indeterminate=2 * 32, first_accept_s=10.0, full_rate_s=20.0),
    ),
)
