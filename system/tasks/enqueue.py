"""Hands messages to the broker; when it is away, says so and leaves the rest to the sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from amqp.exceptions import AMQPError
from celery import chain
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from celery.canvas import Signature

log = structlog.get_logger(__name__)


def enqueue(messages: Iterable[Signature]) -> int:
    """Publish messages after the commit that they speak of; returns how many the broker took.

    Stops at the first refusal: a broker that is away costs one timeout, not one for each message.
    """
    published = 0
    for message in messages:
        try:
            message.apply_async(retry=False, confirm_timeout=message.app.conf.broker_connection_timeout)
        except (OperationalError, AMQPError, OSError) as exc:
            log.warning("enqueue.failed", task=message.task, published=published, error=type(exc).__name__)
            break
        published += 1
    return published


def steps(*messages: Signature) -> Signature:
    """Messages that follow one another: each is published when the one before it has succeeded."""
    return chain(*messages)
