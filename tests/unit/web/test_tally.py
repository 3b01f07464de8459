"""How often a campaign's jobs are counted for the metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from system.web.tally import Tally

pytestmark = pytest.mark.unit


@dataclass
class Database:
    """Counts, and takes its time."""

    takes_s: float = 0.0
    now_s: float = 0.0
    asked: list[int] = field(default_factory=list)

    def clock(self) -> float:
        return self.now_s

    def count(self, campaign_id: int) -> dict[str, int]:
        self.asked.append(campaign_id)
        self.now_s += self.takes_s
        return {"ready": len(self.asked)}


def test_a_campaign_is_counted_at_once_and_then_every_ten_seconds() -> None:
    database = Database()
    tally = Tally(database.count, clock=database.clock)
    assert tally.due({1}) == [1]
    tally.refresh(1)
    assert tally.jobs_by_state(1) == {"ready": 1}
    database.now_s = 9.9
    assert tally.due({1}) == []
    database.now_s = 10.0
    assert tally.due({1}) == [1]


def test_a_slow_count_is_made_so_rarely_that_it_takes_a_fiftieth_of_the_time() -> None:
    database = Database(takes_s=2.0)
    tally = Tally(database.count, clock=database.clock)
    tally.refresh(1)
    database.now_s = 2.0 + 99.0
    assert tally.due({1}) == []
    database.now_s = 2.0 + 100.0
    assert tally.due({1}) == [1]


def test_a_campaign_that_has_ended_is_forgotten() -> None:
    database = Database()
    tally = Tally(database.count, clock=database.clock)
    tally.refresh(1)
    assert tally.due(set()) == []
    assert tally.jobs_by_state(1) == {}
