"""How soon a worker asks again for a broker that is away, and what it does when it has it back."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from shop_world import settings_with

from stack.ports import find_ports
from system.tasks.configuration import celery_configuration
from system.tasks.reconnection import RETRY_CAP_S, QuickAMQP, SweepWhenConnected

if TYPE_CHECKING:
    from celery.worker.consumer import Consumer

pytestmark = pytest.mark.integration


def test_a_broker_that_is_away_is_asked_again_every_second() -> None:
    (nobody_there,) = find_ports(1, choice=random.SystemRandom())
    asking = Celery("tests", amqp=QuickAMQP)
    broker = f"redis://127.0.0.1:{nobody_there}/0"
    asking.conf.update(celery_configuration(settings_with(redis_url=broker, socket_timeout_s=1.0)))
    pauses_s: list[float] = []
    with asking.connection_for_read() as connection, pytest.raises(OperationalError):
        connection.ensure_connection(lambda _, pause_s: pauses_s.append(pause_s), 8)
    assert len(pauses_s) == 8
    assert max(pauses_s) <= RETRY_CAP_S


@pytest.mark.parametrize(("queue", "sweeps"), [("orchestrator", 1), ("emails", 0)])
def test_only_the_worker_that_sweeps_sends_a_sweep_when_it_has_a_connection(
    redis_url: str, queue: str, sweeps: int
) -> None:
    made = Celery("tests", amqp=QuickAMQP)
    made.conf.update(celery_configuration(settings_with(redis_url=redis_url)))

    @made.task(name="orchestrator.sweep")
    def sweep() -> None:
        """Nobody runs it here."""

    with made.connection_for_read() as connection:
        channel = connection.default_channel
        consumer = made.amqp.TaskConsumer(channel, queues=[made.amqp.queues[queue]])
        SweepWhenConnected(parent_of(made, consumer)).start(parent_of(made, consumer))
        assert channel.client.llen("orchestrator") == sweeps


def parent_of(made: Celery, consumer: object) -> Consumer:
    """As much of a worker's consumer as the step looks at."""
    return type("Parent", (), {"app": made, "task_consumer": consumer})()
