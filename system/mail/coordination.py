"""The Redis connection over which workers share permits and breaker; every call on it is bounded in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.backoff import NoBackoff
from redis.retry import Retry

from system.redis_address import RedisAddress

if TYPE_CHECKING:
    import redis


def connect(url: str, *, timeout_s: float) -> redis.Redis:
    """A client that raises instead of waiting: permits fail closed, and the caller knows what to do."""
    return RedisAddress(url).connect(
        timeout_s=timeout_s,
        socket_keepalive=True,
        health_check_interval=30,
        # A script that is silently repeated would reserve twice, and hide the loss that makes permits unsure.
        retry=Retry(NoBackoff(), 0),
    )
