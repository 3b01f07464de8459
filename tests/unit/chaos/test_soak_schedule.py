"""Random faults that the seed repeats, and the way from a schedule that fails to what it needs to fail."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from chaos.soak_faults import KINDS
from chaos.soak_schedule import LAST_SHARE, LONGEST_S, MOST_FAULTS, SHORTEST_S, Drawn, draw_cycle, experiment_of, shrink

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.unit


def drawn(kind: str, *, hold_s: float = 5.0) -> Drawn:
    return Drawn(kind=kind, at_share=0.2, hold_s=hold_s, number=1)


def kinds(schedule: Sequence[Drawn]) -> list[str]:
    return [one.kind for one in schedule]


def test_the_same_seed_and_number_give_the_same_faults() -> None:
    assert draw_cycle(seed=7, number=3) == draw_cycle(seed=7, number=3)
    assert draw_cycle(seed=7, number=3) != draw_cycle(seed=7, number=4)
    assert draw_cycle(seed=8, number=3) != draw_cycle(seed=7, number=3)


def test_a_soak_of_an_hour_meets_every_fault_and_more_than_a_hundred() -> None:
    cycles = [draw_cycle(seed=1, number=number) for number in range(1, 81)]
    counted = Counter(one.kind for cycle in cycles for one in cycle)
    assert set(counted) == set(KINDS)
    assert sum(counted.values()) > 100


def test_faults_come_in_order_within_their_bounds() -> None:
    for number in range(1, 200):
        cycle = draw_cycle(seed=5, number=number)
        shares = [one.at_share for one in cycle]
        assert 1 <= len(cycle) <= MOST_FAULTS
        assert shares == sorted(shares)
        assert all(0 <= share <= LAST_SHARE for share in shares)
        assert all(SHORTEST_S <= one.hold_s <= LONGEST_S for one in cycle)


def test_a_failing_schedule_is_shortened_to_the_faults_that_it_needs() -> None:
    schedule = [drawn("web-killed"), drawn("redis-flushed"), drawn("ml-killed"), drawn("sender-killed")]

    def fails(tried: Sequence[Drawn]) -> bool:
        return {"redis-flushed", "sender-killed"} <= set(kinds(tried))

    assert kinds(shrink(schedule, fails=fails, tries=20)) == ["redis-flushed", "sender-killed"]


def test_what_is_left_is_held_as_shortly_as_still_fails() -> None:
    schedule = [drawn("redis-flushed"), drawn("sender-frozen")]

    def fails(tried: Sequence[Drawn]) -> bool:
        return "sender-frozen" in kinds(tried) and tried[-1].hold_s > SHORTEST_S

    assert shrink(schedule, fails=fails, tries=20) == [drawn("sender-frozen")]
    assert shrink(schedule, fails=lambda _: True, tries=20) == [drawn("sender-frozen", hold_s=SHORTEST_S)]


def test_shortening_ends_when_its_trials_are_used_up() -> None:
    asked = []
    schedule = [drawn("web-killed") for _ in range(10)]
    assert shrink(schedule, fails=lambda tried: bool(asked.append(tried)), tries=3) == schedule
    assert len(asked) == 3


def test_a_cycle_may_cost_what_its_faults_explain() -> None:
    assert experiment_of([drawn("provider-resets")], name="one", users=10).expected.indeterminate == 0
    assert experiment_of([drawn("sender-killed")], name="one", users=10).expected.indeterminate == 64
    both = experiment_of([drawn("sender-killed"), drawn("postgres-away")], name="two", users=10)
    assert both.expected.indeterminate == 128
