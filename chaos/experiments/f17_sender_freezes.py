"""F17: the sending worker stops for longer than its claims last, and goes on as a zombie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from chaos.scene import Scene

LONGER_THAN_THE_LEASE_S = 12.0


def _steps(scene: Scene) -> list[Step]:
    return [Step(injector=scene.frozen("worker-emails", fault="F17"), hold_s=LONGER_THAN_THE_LEASE_S)]


EXPERIMENTS = (
    Experiment(
        name="sender-frozen",
        fault="F17",
        rank=Rank.P1,
        title="The sending worker hangs for 12 s, longer than its lease",
        loses="What the zombie still sends would be sent again by whoever took over.",
        why="A claim's token fences the intent, and nothing with an intent is ever claimed again (W7).",
        notices="Nothing, for all but at most the group in flight of each process.",
        dependency="our processes",
        trouble="slow",
        steps=_steps,
        expected=Expected(indeterminate=2 * 32, first_accept_s=15.0, full_rate_s=15.0),
    ),
)
