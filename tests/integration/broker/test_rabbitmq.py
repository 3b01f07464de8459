"""RabbitMQ holds the queues, by the URL alone; permits and schedules stay in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from celery import Celery
from rabbit import running_rabbit
from shop_world import settings_with
from small_system import add_ready_jobs, small_system

from system.preflight.broker import examine_broker, examine_rabbit
from system.preflight.finding import Level
from system.tasks.configuration import celery_configuration
from system.tasks.enqueue import enqueue
from system.tasks.queue_readings import Waiting, queues_waiting
from system.tasks.queues import QueueName, messages_waiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rabbit import Rabbit
    from shop_world import Shop

pytestmark = pytest.mark.integration

JOBS = 30


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    with running_rabbit(tmp_path_factory.mktemp("rabbit")) as rabbit:
        yield rabbit


def test_queues_that_nobody_has_used_are_empty(rabbit: Rabbit) -> None:
    waiting = queues_waiting(rabbit.url, timeout_s=5, now_s=0.0)
    assert waiting == [Waiting(queue=queue.value, messages=0, oldest_s=None) for queue in QueueName]


def test_a_campaigns_batches_go_through(
    rabbit: Rabbit, shop: Shop, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    add_ready_jobs(shop, JOBS)
    urls = {"redis_url": redis_url, "broker_url": rabbit.url}
    with small_system(tmp_path, database_url=database_url, of_worker=urls, of_beat=urls) as system:
        system.wait_until_sent(JOBS)
        assert system.accepted() == JOBS


def test_what_waits_is_counted_and_has_no_age(rabbit: Rabbit) -> None:
    app = Celery("tests", set_as_current=False)
    app.conf.update(celery_configuration(settings_with(broker_url=rabbit.url)))
    assert enqueue(app.signature("ml.none", args=(1,), app=app) for _ in range(3)) == 3
    waiting = {each.queue: each for each in queues_waiting(rabbit.url, timeout_s=5, now_s=0.0)}
    assert waiting["ml"] == Waiting(queue="ml", messages=3, oldest_s=None)
    assert messages_waiting(app, QueueName.ML) == 3


def test_the_doctor_knows_it_by_its_url(rabbit: Rabbit) -> None:
    (found,) = examine_broker(settings_with(broker_url=rabbit.url))
    assert found.level is Level.OK
    assert "guest:guest" not in found.says


@pytest.mark.parametrize(("right", "wrong"), [("guest:guest", "guest:hush"), ("//", "//nowhere")])
def test_one_that_lets_us_not_in_is_named(rabbit: Rabbit, right: str, wrong: str) -> None:
    head, _, tail = rabbit.url.rpartition(right)
    (found,) = examine_rabbit(settings_with(broker_url=f"{head}{wrong}{tail}"))
    assert found.level is Level.FIX
    assert "check user, password and virtual host" in found.says
    assert "hush" not in found.says


def test_publishing_to_one_that_died_is_left_to_the_sweep(rabbit: Rabbit) -> None:
    app = Celery("tests", set_as_current=False)
    app.conf.update(celery_configuration(settings_with(broker_url=rabbit.url, socket_timeout_s=2.0)))
    message = app.signature("ml.none", args=(1,), app=app)
    assert enqueue([message]) == 1
    rabbit.kill()
    assert enqueue([message]) == 0
    with pytest.raises(OSError, match=r"refused"):
        queues_waiting(rabbit.url, timeout_s=1, now_s=0.0)
