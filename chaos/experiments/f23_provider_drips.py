"""F23: the provider answers a byte at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("drip", count=40, bytes_per_s=10), hold_s=6.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-drips",
        fault="F23",
        rank=Rank.P1,
        title="Forty answers come ten bytes a second",
        loses="A few slow answers would hold up all sending for minutes.",
        why="The deadline is for the whole request; a client's read timeout is for each read (measured: 17 s for 1 s).",
        notices="Nothing.",
        dependency="provider",
        trouble="slow",
        steps=_steps,
    ),
)
