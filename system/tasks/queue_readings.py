"""How many messages wait in each queue, and how long the next one has waited."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from amqp.exceptions import AMQPError
from celery import signals
from kombu import Connection
from kombu.exceptions import ChannelError, OperationalError

from system.redis_address import RedisAddress
from system.settings import AMQP
from system.tasks.queues import QueueName

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

PUBLISHED_AT: Final = "published_at"
"""Header of every message: the Unix seconds at which it was handed to the broker."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One queue's state."""

    queue: str
    messages: int
    oldest_s: float | None
    """Age of the message that is next, 0 when none waits; None where the broker doesn't tell."""


def date_messages() -> None:
    """Let every message that this process publishes say when."""
    signals.before_task_publish.connect(_stamp)


def _stamp(headers: dict[str, Any], **_: Any) -> None:
    headers[PUBLISHED_AT] = time.time()


def queues_waiting(broker_url: str, *, timeout_s: float, now_s: float) -> list[Waiting]:
    """Every queue's state; redis.RedisError or OSError when the broker is away."""
    if not broker_url.startswith(AMQP):
        with RedisAddress(broker_url).connect(timeout_s=timeout_s) as client:
            return list(_look(client, now_s=now_s))
    return _count(broker_url, timeout_s=timeout_s)


def _look(client: redis.Redis, *, now_s: float) -> Iterator[Waiting]:
    # Kombu pushes on the left and takes from the right. Our messages have no priorities, so each queue is one list.
    with client.pipeline(transaction=False) as pipe:
        for queue in QueueName:
            pipe.llen(queue.value)
            pipe.lindex(queue.value, -1)
        answers = pipe.execute()
    for queue, messages, oldest in zip(QueueName, answers[::2], answers[1::2], strict=True):
        yield Waiting(queue=queue.value, messages=messages, oldest_s=_age_s(oldest, now_s=now_s))


def _age_s(message: bytes | None, *, now_s: float) -> float | None:
    if message is None:
        return 0.0
    try:
        return max(0.0, now_s - float(json.loads(message)["headers"][PUBLISHED_AT]))
    except (ValueError, KeyError, TypeError):
        return None  # not published by us


def _count(broker_url: str, *, timeout_s: float) -> list[Waiting]:
    try:
        with Connection(broker_url, connect_timeout=timeout_s) as connection:
            connection.ensure_connection(max_retries=1, timeout=max(1, int(timeout_s)))
            return [_declared(connection, queue) for queue in QueueName]
    except (OperationalError, AMQPError) as exc:
        raise ConnectionError(str(exc)) from exc


def _declared(connection: Connection, queue: QueueName) -> Waiting:
    try:
        channel: Any = connection.default_channel  # its type stub lacks what every transport has
        messages = int(channel.queue_declare(queue=queue.value, passive=True).message_count)
    except ChannelError:
        messages = 0  # never used
    return Waiting(queue=queue.value, messages=messages, oldest_s=None)
