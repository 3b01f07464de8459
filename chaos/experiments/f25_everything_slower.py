"""F25: every answer of every server takes longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.together import Together

if TYPE_CHECKING:
    from chaos.scene import Scene

LINKS = ("workers-redis", "workers-postgres", "webhook-postgres", "provider-webhook")


def _steps(scene: Scene) -> list[Step]:
    slow = [scene.network.latency(link, fault="F25", latency_ms=40, jitter_ms=10) for link in LINKS]
    return [Step(injector=Together(fault="F25", parts=slow), at_share=0.1, hold_s=10.0)]


EXPERIMENTS = (
    Experiment(
        name="everything-slower",
        fault="F25",
        rank=Rank.P1,
        title="40 ms more on every link, for 10 s",
        loses="A slow network would look like an outage, and mails be given up.",
        why="Latency costs rate, never correctness.",
        notices="Mails come a little later.",
        dependency="machine",
        trouble="slow",
        steps=_steps,
        expected=Expected(full_rate_s=8.0),
    ),
)
