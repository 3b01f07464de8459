"""When posts arrive: Poisson processes that follow the stages, repeatable by seed, made as they are needed."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loadtests.webhook.batch_sizes import MEAN_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loadtests.webhook.stages import Stage

PROVIDER: Final = "provider"


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """One post that is due `due_s` seconds after the start, whatever became of those before it."""

    due_s: float
    user: str
    """`provider`, or the kind of attack."""
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One process's part of the load: together they offer the whole rate, each with its own random numbers."""

    index: int = 0
    of: int = 1
    seed: int

    def rng(self, what: str) -> random.Random:
        """Random numbers for one purpose, independent of all others."""
        return random.Random(f"{self.seed}/{self.index}/{self.of}/{what}")


def provider_arrivals(stages: Sequence[Stage], *, share: Share) -> Iterator[Arrival]:
    """The provider's own posts at the rate of the stages."""
    for due_s, stage in _poisson(stages, posts_per_event=1 / MEAN_EVENTS / share.of, rng=share.rng("provider")):
        yield Arrival(due_s, PROVIDER, stage)


def hostile_arrivals(stages: Sequence[Stage], *, share: Share, kinds: Sequence[str], ratio: float) -> Iterator[Arrival]:
    """Attacks of all kinds alike, `ratio` for every post of the provider's."""
    rng = share.rng("hostile")
    for due_s, stage in _poisson(stages, posts_per_event=ratio / MEAN_EVENTS / share.of, rng=rng):
        yield Arrival(due_s, rng.choice(kinds), stage)


def merge_arrivals(*tables: Iterator[Arrival]) -> Iterator[Arrival]:
    """Several tables as one, in the order of time."""
    return heapq.merge(*tables)


def _poisson(stages: Sequence[Stage], *, posts_per_event: float, rng: random.Random) -> Iterator[tuple[float, str]]:
    # Exponential gaps have no memory, so each stage may begin its own.
    began_s = 0.0
    for stage in stages:
        ends_s = began_s + (float("inf") if stage.seconds is None else stage.seconds)
        per_s = stage.events_per_s * posts_per_event
        due_s = began_s + rng.expovariate(per_s) if per_s else ends_s
        while due_s < ends_s:
            yield due_s, stage.name
            due_s += rng.expovariate(per_s)
        began_s = ends_s
