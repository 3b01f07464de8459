"""F41: Redis has no memory left, and refuses writes or throws keys away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.experiment import Expected, Experiment, Rank, Step
from chaos.injectors.broker import OutOfMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.scene import Scene


UNACKED = 8
"""Messages that all workers together may have taken: acknowledgements are refused as well."""


def _policy(policy: str) -> Callable[[Scene], list[Step]]:
    return lambda scene: [Step(injector=OutOfMemory(redis_url=scene.redis_url, policy=policy), hold_s=5.0)]


EXPERIMENTS = (
    Experiment(
        name="redis-without-memory",
        fault="F41",
        rank=Rank.P2,
        title="Redis refuses every write for 5 s",
        loses="Workers would end at the first refusal, and the campaign with them.",
        why="noeviction, as required: a refused write is an outage of Redis.",
        notices="Mails come seconds later.",
        dependency="Redis",
        trouble="down",
        steps=_policy("noeviction"),
        expected=Expected(first_accept_s=15.0, full_rate_s=20.0, unacked=UNACKED),
    ),
    Experiment(
        name="redis-evicts",
        fault="F41",
        rank=Rank.P2,
        title="Redis throws whole queues away",
        loses="Everybody whose task was in a queue would get no mail.",
        why="What a wrong maxmemory-policy does; `steadypost doctor` warns of it, the sweep survives it.",
        notices="Mails come seconds later.",
        dependency="Redis",
        trouble="losing data",
        steps=_policy("allkeys-lru"),
        expected=Expected(first_accept_s=15.0, full_rate_s=20.0, unacked=UNACKED),
    ),
)
