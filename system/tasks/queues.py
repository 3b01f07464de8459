"""The four queues, and whether one has run dry."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kombu import Queue
from kombu.exceptions import ChannelError

if TYPE_CHECKING:
    from celery import Celery


class QueueName(StrEnum):
    """Each has workers of its own, so that a slow step never starves another."""

    ORCHESTRATOR = "orchestrator"  # dispatch, sweep, schedules: short and rare
    ML = "ml"  # scoring: whole cores in bursts
    EMAILS = "emails"  # sending: waits for the provider
    TRACKING = "tracking"  # webhook events: many and small


QUEUES = [Queue(name.value, durable=True) for name in QueueName]


def messages_waiting(app: Celery, queue: QueueName) -> int:
    """How many messages no worker has taken yet; works on every broker that counts."""
    with app.connection_for_write() as connection:
        try:
            channel: Any = connection.default_channel  # its type stub lacks what every transport has
            return int(channel.queue_declare(queue=queue.value, passive=True).message_count)
        except ChannelError:
            return 0  # never used, or empty: Redis keeps no empty lists
