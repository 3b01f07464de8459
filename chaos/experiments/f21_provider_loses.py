"""F21: the provider accepts mails and is never heard of again about them (October 2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.provider_fault("lose", count=20), hold_s=4.0)]


EXPERIMENTS = (
    Experiment(
        name="provider-loses",
        fault="F21",
        rank=Rank.P1,
        title="Twenty mails are accepted and lost",
        loses="Nobody would know how many mails were never delivered.",
        why="Accepted is not delivered: such jobs stay accepted, and the report shows the gap.",
        notices="Twenty people get no mail; the delivery gap is on the report and in the metrics.",
        dependency="provider",
        trouble="losing data",
        steps=_steps,
    ),
)
