"""F30: the recommender's file is garbage, or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chaos.experiment import Experiment, Rank, Step
from chaos.injectors.model_file import BadModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.scene import Scene


def _bad(how: Literal["corrupt", "missing"]) -> Callable[[Scene], list[Step]]:
    return lambda scene: [Step(injector=BadModel(path=scene.model, how=how), at_share=0.0, hold_s=8.0)]


EXPERIMENTS = (
    Experiment(
        name="model-corrupt",
        fault="F30",
        rank=Rank.P1,
        title="The model's file is garbage",
        loses="Nobody would get a mail, or somebody another's recommendations.",
        why="A file that is no model is refused, and the one in memory goes on.",
        notices="Nothing, or popular products instead of their own.",
        dependency="recommender",
        trouble="lying",
        steps=_bad("corrupt"),
    ),
    Experiment(
        name="model-missing",
        fault="F30",
        rank=Rank.P1,
        title="The model's file is gone",
        loses="Nobody would get a mail.",
        why="As after a deployment that went wrong.",
        notices="Nothing, or popular products instead of their own.",
        dependency="recommender",
        trouble="down",
        steps=_bad("missing"),
    ),
)
