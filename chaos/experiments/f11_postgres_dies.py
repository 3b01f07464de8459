"""F11: PostgreSQL is killed, shut down at once, or restarted in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chaos.experiment import Expected, Experiment, Rank, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.scene import Scene

IN_FLIGHT = 2 * 32


def _away(how: Literal["STOP", "QUIT", "KILL"]) -> Callable[[Scene], list[Step]]:
    def steps(scene: Scene) -> list[Step]:
        return [Step(injector=scene.away("postgres", fault="F11", how=how), hold_s=4.0)]

    return steps


def _experiment(*, name: str, rank: Rank, title: str, how: Literal["STOP", "QUIT", "KILL"]) -> Experiment:
    return Experiment(
        name=name,
        fault="F11",
        rank=rank,
        title=title,
        loses="Who was mailed would be forgotten, and mailed again.",
        why="Intents are committed before the first byte, with synchronous_commit; workers wait and reconnect.",
        notices="Mails come seconds later; SendGrid repeats the events that got a 5xx.",
        dependency="PostgreSQL",
        trouble="down",
        steps=_away(how),
        # Answers that could not be written down are proven by events.
        expected=Expected(indeterminate=IN_FLIGHT),
    )


EXPERIMENTS = (
    _experiment(name="postgres-killed", rank=Rank.P0, title="kill -9 of PostgreSQL for 4 s", how="KILL"),
    _experiment(name="postgres-immediate", rank=Rank.P1, title="PostgreSQL's immediate shutdown", how="QUIT"),
    _experiment(name="postgres-restarted", rank=Rank.P1, title="PostgreSQL restarted in order", how="STOP"),
)
