"""What each sending process last sent, kept outside the database: one that lacks it has been restored.

A process writes its attempts in the order in which it commits them, so a database that has every process's last one
has all the earlier ones as well. Redis may forget; then a restored database has to be told apart by its identity.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import redis

KEY: Final = "sending:witnesses"
KEPT_S: Final = 90 * 86_400.0
"""Processes that ended long before the newest one's last mail are dropped, or the list would grow with every deploy."""

Attempt: TypeAlias = tuple[int, uuid.UUID]
"""(campaign id, attempt id)."""


class Witnesses:
    """The last attempt of every sending process."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def note(self, worker: str, attempt: Attempt) -> bool:
        """Remember a committed attempt, before the first byte of its mail leaves; redis.RedisError when it can't."""
        self._redis.hset(KEY, worker, f"{attempt[0]} {attempt[1]} {time.time():.0f}")
        return True

    def last_attempts(self) -> list[Attempt]:
        """Every process's last attempt, as far as Redis remembers."""
        found: dict[Any, Any] = self._redis.hgetall(KEY)
        parts = {worker: value.decode().split() for worker, value in found.items()}
        newest_s = max((float(noted_s) for _, _, noted_s in parts.values()), default=0.0)
        old = [worker for worker, (_, _, noted_s) in parts.items() if float(noted_s) < newest_s - KEPT_S]
        if old:
            self._redis.hdel(KEY, *old)
        return [(int(parts[w][0]), uuid.UUID(parts[w][1])) for w in parts if w not in old]

    def forget(self) -> None:
        """Start anew: what was sent before has been reconciled."""
        self._redis.delete(KEY)
