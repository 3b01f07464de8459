"""What a beat does when Redis has lost its entries and kept its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from celery import Celery
from redbeat.schedulers import get_redis
from shop_world import settings_with

from system.tasks.beat import SelfHealingScheduler
from system.tasks.configuration import celery_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

SWEEP = "redbeat:sweep"


@pytest.fixture
def beat(redis_url: str) -> Iterator[SelfHealingScheduler]:
    app = Celery("tests")
    app.conf.update(celery_configuration(settings_with(redis_url=redis_url)))
    beat = SelfHealingScheduler(app)
    beat.lock = get_redis(app).lock(beat.lock_key, timeout=60)
    assert beat.lock.acquire()
    beat.setup_schedule()
    yield beat
    beat.lock.release()
    app.close()


@pytest.mark.parametrize("lost", [["redbeat::schedule"], [SWEEP], ["redbeat::schedule", SWEEP, "redbeat::statics"]])
def test_lost_entries_are_written_again_at_the_next_tick(beat: SelfHealingScheduler, lost: list[str]) -> None:
    client = get_redis(beat.app)
    assert client.delete(*lost) == len(lost)
    beat.tick()
    assert client.zscore("redbeat::schedule", SWEEP) is not None
    assert client.exists(SWEEP)


def test_entries_that_are_there_are_left_alone(beat: SelfHealingScheduler) -> None:
    client = get_redis(beat.app)
    before = client.zrange("redbeat::schedule", 0, -1, withscores=True)
    assert SWEEP in dict(before)
    beat.tick()
    assert client.zrange("redbeat::schedule", 0, -1, withscores=True) == before


def test_the_configuration_names_this_scheduler() -> None:
    named = celery_configuration(settings_with())["beat_scheduler"]
    assert named == f"{SelfHealingScheduler.__module__}.{SelfHealingScheduler.__name__}"
