"""How queues and workers show themselves: depth, age, signs of life."""

from __future__ import annotations

import time

import pytest
import redis
from celery import Celery
from shop_world import settings_with

from system.tasks.configuration import celery_configuration
from system.tasks.presence import GONE_AFTER_S, note_presence, workers_present
from system.tasks.queue_readings import Waiting, date_messages, queues_waiting

pytestmark = pytest.mark.integration


@pytest.fixture
def app(redis_url: str) -> Celery:
    date_messages()
    app = Celery("tests")
    app.conf.update(celery_configuration(settings_with(redis_url=redis_url, socket_timeout_s=1.0)))
    return app


def look(redis_url: str, *, later_s: float = 0.0) -> dict[str, Waiting]:
    return {each.queue: each for each in queues_waiting(redis_url, timeout_s=1, now_s=time.time() + later_s)}


def test_the_message_that_is_next_tells_the_age_of_its_queue(app: Celery, redis_url: str) -> None:
    for batch in range(3):
        app.send_task("emails.send_emails", args=(1, batch, batch))
    waiting = look(redis_url, later_s=60)["emails"]
    assert waiting.messages == 3
    assert waiting.oldest_s == pytest.approx(60, abs=10)


def test_an_empty_queue_is_no_age_old(app: Celery, redis_url: str) -> None:
    assert app.conf.task_default_queue in look(redis_url)
    assert look(redis_url)["tracking"] == Waiting(queue="tracking", messages=0, oldest_s=0.0)


def test_a_message_of_somebody_else_has_no_age(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.lpush("ml", b"no message")
    assert look(redis_url)["ml"] == Waiting(queue="ml", messages=1, oldest_s=None)


def test_a_worker_is_present_until_it_has_been_silent_for_long(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        note_presence(client, queue="emails", worker="a", now_s=100.0)
        note_presence(client, queue="emails", worker="b", now_s=110.0)
        assert workers_present(client, now_s=110.0)["emails"] == 2
        assert workers_present(client, now_s=101.0 + GONE_AFTER_S)["emails"] == 1
        note_presence(client, queue="emails", worker="b", now_s=100_000.0)
        assert client.zcard("workers:emails") == 1
