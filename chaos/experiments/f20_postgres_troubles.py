"""F20: PostgreSQL hangs, is slow, has no connection left, is locked, or ends transactions for a deadlock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step, Trouble
from chaos.injectors.database import Deadlock, NoConnections, TableLocked

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.scene import Scene

IN_FLIGHT = 2 * 32


def _frozen(scene: Scene) -> list[Step]:
    return [Step(injector=scene.frozen("postgres", fault="F20"), hold_s=8.0)]


def _slow(scene: Scene) -> list[Step]:
    return [Step(injector=scene.network.latency("workers-postgres", fault="F20", latency_ms=200), hold_s=8.0)]


def _locked(scene: Scene) -> list[Step]:
    return [Step(injector=TableLocked(database_url=scene.database_url), hold_s=8.0)]


def _full(scene: Scene) -> list[Step]:
    return [Step(injector=NoConnections(database_url=scene.database_url), hold_s=5.0)]


def _deadlock(scene: Scene) -> list[Step]:
    return [Step(injector=Deadlock(database_url=scene.database_url), hold_s=10.0)]


def _experiment(
    *, name: str, title: str, why: str, trouble: Trouble, steps: Callable[[Scene], list[Step]], costs: int = IN_FLIGHT
) -> Experiment:
    return Experiment(
        name=name,
        fault="F20",
        rank=Rank.P1,
        title=title,
        loses="Answers that could not be written down would be forgotten, and their mails sent again.",
        why=why,
        notices="Mails come seconds later; SendGrid repeats the events that got a 5xx.",
        dependency="PostgreSQL",
        trouble=trouble,
        steps=steps,
        expected=Expected(indeterminate=costs, first_accept_s=10.0, full_rate_s=15.0),
    )


EXPERIMENTS = (
    _experiment(
        name="postgres-frozen",
        title="PostgreSQL hangs for 8 s",
        why="A commit that is not confirmed counts as not made, and leases outlast the hold.",
        trouble="slow",
        steps=_frozen,
    ),
    _experiment(
        name="postgres-slow",
        title="Every answer of PostgreSQL takes 200 ms more",
        why="Groups, not mails, wait for the database.",
        trouble="slow",
        steps=_slow,
    ),
    _experiment(
        name="table-locked",
        title="Somebody holds email_jobs exclusively for 8 s",
        why="As a careless migration does: statement timeouts end the wait, and the sweep comes back.",
        trouble="down",
        steps=_locked,
    ),
    _experiment(
        name="postgres-without-connections",
        title="All connections of PostgreSQL are taken",
        why="Sessions are ended and none is to be had; pools reconnect by themselves.",
        trouble="down",
        steps=_full,
    ),
    _experiment(
        name="deadlocks",
        title="Another client locks jobs backwards",
        why="PostgreSQL ends one of the two; ours is repeated or taken up by the sweep.",
        trouble="slow",
        steps=_deadlock,
    ),
)
