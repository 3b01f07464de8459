"""Which faults a soak injects when: drawn from a seed, and shortened until only what is needed to fail is left."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chaos.experiment import SAFE, Expected, Experiment, Rank, Step
from chaos.soak_faults import IN_FLIGHT, KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chaos.scene import Scene

MOST_FAULTS: Final = 4
LAST_SHARE: Final = 0.7
SHORTEST_S: Final = 1.0
LONGEST_S: Final = 6.0
SEEN_WITHIN_S: Final = 10.0
LIVENESS_S: Final = 120.0
FIRST_ACCEPT_S: Final = 30.0
UNACKED: Final = 4
"""What a killed worker of two processes may have held."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One fault of a cycle."""

    kind: str
    at_share: float
    hold_s: float
    number: int

    def __str__(self) -> str:
        """As a report shows it."""
        return f"{self.kind} #{self.number} at {self.at_share:.0%} for {self.hold_s:.1f} s"


def draw_cycle(*, seed: int, number: int) -> list[Drawn]:
    """The faults of one cycle, in order; the same seed and number give the same faults."""
    rng = random.Random(f"soak:{seed}:{number}")  # noqa: S311  # faults that can be repeated
    names = list(KINDS)
    weights = [KINDS[name].weight for name in names]
    shares = sorted(rng.uniform(0.0, LAST_SHARE) for _ in range(rng.randint(1, MOST_FAULTS)))
    return [
        Drawn(
            kind=rng.choices(names, weights)[0],
            at_share=round(share, 3),
            hold_s=round(rng.uniform(SHORTEST_S, LONGEST_S), 2),
            number=rng.randrange(1_000),
        )
        for share in shares
    ]


def experiment_of(drawn: Sequence[Drawn], *, name: str, users: int) -> Experiment:
    """A cycle as an experiment: faults while it sends (safety), then everything healed and done in time (liveness)."""

    def steps(scene: Scene) -> list[Step]:
        return [_step(one, scene) for one in drawn]

    return Experiment(
        name=name,
        fault="F38",
        rank=Rank.P1,
        title=", ".join(one.kind for one in drawn) or "nothing",
        loses="Whatever no single experiment tries: faults that meet each other's recovery.",
        why="Random faults and healings, repeated by seed and commit.",
        notices="As with each fault alone.",
        dependency="operator",
        trouble="none",
        steps=steps,
        users=users,
        ended_within_s=LIVENESS_S,
        # Not I17: a fault that comes when nothing is left to do may not bite.
        invariants=SAFE,
        expected=Expected(
            # A fault may meet what another has left under way.
            indeterminate=sum(KINDS[one.kind].costs for one in drawn) or (IN_FLIGHT if len(drawn) > 1 else 0),
            first_accept_s=FIRST_ACCEPT_S,
            full_rate_s=None,
            unacked=UNACKED * len(drawn),
        ),
    )


def shrink(drawn: Sequence[Drawn], *, fails: Callable[[Sequence[Drawn]], bool], tries: int) -> list[Drawn]:
    """The shortest schedule found within so many trials that still fails: without this or that fault, or shorter."""
    best = list(drawn)
    place = 0
    while tries > 0 and len(best) > 1 and place < len(best):
        without = best[:place] + best[place + 1 :]
        tries -= 1
        if fails(without):
            best = without
        else:
            place += 1
    for index, one in enumerate(best):
        shorter = [*best[:index], replace(one, hold_s=SHORTEST_S), *best[index + 1 :]]
        if tries <= 0 or one.hold_s <= SHORTEST_S:
            continue
        tries -= 1
        if fails(shorter):
            best = shorter
    return best


def _step(one: Drawn, scene: Scene) -> Step:
    kind = KINDS[one.kind]
    hold_s = SEEN_WITHIN_S if kind.until_seen else one.hold_s
    injector = kind.make(scene, one.number)
    return Step(injector=injector, at_share=one.at_share, hold_s=hold_s, until_seen=kind.until_seen)
