"""F33: the webhook gets posts of a thousand events, some of them no events at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step
from chaos.injectors.provider import WebhookFault

if TYPE_CHECKING:
    from chaos.scene import Scene

SHARES = {"huge_bytes": 768 * 1024, "bad_event": 0.5, "duplicate_new_id": 1.0, "duplicate_same_id": 1.0}


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=WebhookFault(management_url=scene.provider, shares=SHARES, fault="F33"), hold_s=8.0)]


EXPERIMENTS = (
    Experiment(
        name="webhook-flooded",
        fault="F33",
        rank=Rank.P1,
        title="Batches of 768 KiB with events that are none",
        loses="One bad event would lose a thousand good ones.",
        why="Good events of a post are applied, bad ones are counted; a post is taken in before it is read.",
        notices="Nothing.",
        dependency="webhook",
        trouble="slow",
        steps=_steps,
    ),
)
