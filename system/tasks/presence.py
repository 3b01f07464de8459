"""Signs of life: each worker notes in Redis that it is there, and whoever asks counts those of late.

A worker that dies, freezes or loses Redis is gone from the count by itself.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import redis
from celery import bootsteps

from system.mail import coordination
from system.settings import load_settings
from system.tasks.queues import QueueName

if TYPE_CHECKING:
    from celery import Celery
    from celery.worker.consumer import Consumer

EVERY_S: Final = 5.0
GONE_AFTER_S: Final = 20.0
PATIENCE_S: Final = 1.0
"""The sign is given inside the worker's event loop, which must not wait long for a Redis that hangs."""


def _key(queue: str) -> str:
    return f"workers:{queue}"


def note_presence(connection: redis.Redis, *, queue: str, worker: str, now_s: float) -> None:
    """Say that a worker of a queue lives, and forget those that have been silent for long."""
    with connection.pipeline(transaction=False) as pipe:
        pipe.zadd(_key(queue), {worker: now_s})
        pipe.zremrangebyscore(_key(queue), "-inf", now_s - 100 * GONE_AFTER_S)
        pipe.execute()


def workers_present(connection: redis.Redis, *, now_s: float) -> dict[str, int]:
    """How many workers of each queue gave a sign of late."""
    with connection.pipeline(transaction=False) as pipe:
        for queue in QueueName:
            pipe.zcount(_key(queue), now_s - GONE_AFTER_S, "+inf")
        return dict(zip(QueueName, pipe.execute(), strict=True))


class SignsOfLife(bootsteps.StartStopStep):
    """Celery's timer calls it in the worker's parent process; a new connection to the broker starts it anew."""

    requires = ("celery.worker.consumer:Tasks",)
    timer: Any = None

    def start(self, parent: Consumer) -> None:  # noqa: D102  # Celery's
        queues = [queue.name for queue in parent.task_consumer.queues]  # type: ignore[attr-defined]  # set by Celery's step before this one
        connection = coordination.connect(load_settings().redis_url.get_secret_value(), timeout_s=PATIENCE_S)
        give = (connection, queues, str(parent.hostname))
        _give_sign(*give)
        self.timer = parent.timer.call_repeatedly(EVERY_S, _give_sign, give)

    def stop(self, parent: Consumer) -> None:  # noqa: ARG002, D102  # Celery's
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def _give_sign(connection: redis.Redis, queues: list[str], worker: str) -> None:
    try:
        for queue in queues:
            note_presence(connection, queue=queue, worker=worker, now_s=time.time())
    except redis.RedisError:
        return  # whoever counts misses this worker, and is right


def be_present(app: Celery) -> None:
    """Give the application's workers this step."""
    app.steps["consumer"].add(SignsOfLife)
