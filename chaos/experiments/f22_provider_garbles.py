"""F22: the provider accepts, and its answer is cut, garbage, or lacks the message id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    faults = [scene.provider_fault(what, count=8) for what in ("truncated", "accept_then_garbage", "no_message_id")]
    return [Step(injector=fault, hold_s=2.0) for fault in faults]


EXPERIMENTS = (
    Experiment(
        name="provider-garbles",
        fault="F22",
        rank=Rank.P1,
        title="Answers are cut, garbage, or without X-Message-Id",
        loses="Mails that SendGrid has would be sent again.",
        why="What can't be read says nothing about acceptance.",
        notices="Nothing.",
        dependency="provider",
        trouble="lying",
        steps=_steps,
    ),
)
