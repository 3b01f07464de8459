"""The provider's limit, kept by all workers together: permits are slots in time, reserved in Redis.

No Redis, no permit: every call raises redis.RedisError then, and nothing is sent.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT_USE = 0.993
"""Share of the limit that is used: at 100/s, 101 mails then span 7 ms more than a second,
which is what lateness on the way to the provider may consume (docs/decisions/0002)."""

LATE_TOLERANCE_S = 0.004
"""A slot that could not be used within this time is forfeited, never used late."""

HORIZON_S = 1.0
"""How far ahead slots are handed out; also the pause after Redis has lost its memory."""

CLOCK_SAMPLES = 64


@dataclass(frozen=True)
class Wait:
    """No permit was reserved; ask again after this time."""

    seconds: float


class RateLimit:
    """Slots of one sending account, as moments of this process's monotonic clock."""

    def __init__(self, connection: redis.Redis, *, account: str, mails_per_s: float | None) -> None:
        self._redis = connection
        self._keys = (f"permits:{{{account}}}", f"permits:{{{account}}}:hold")
        self._period_s = 0.0 if mails_per_s is None else 1 / (mails_per_s * LIMIT_USE)
        self._script = connection.register_script(
            files("system.mail").joinpath("reserve_permits.lua").read_text(encoding="utf-8")
        )
        # A process starts unsure only in the sense of its own clock; the script knows a fresh server itself.
        self._lost_connection = False
        self._offsets: deque[float] = deque(maxlen=CLOCK_SAMPLES)

    def reserve(self, n: int) -> Sequence[float] | Wait:
        """The moments at which n mails may start, or how long to wait before asking again."""
        if not self._period_s:
            return [time.monotonic()] * n
        arguments = (n, self._period_s * 1e6, HORIZON_S * 1e6, int(self._lost_connection))
        try:
            granted, moment_us, now_us = (int(part) for part in self._script(keys=self._keys, args=arguments))
        except redis.RedisError:
            self._lost_connection = True
            raise
        self._lost_connection = False
        # The fastest answer of late is the best estimate of how the server's clock relates to ours.
        self._offsets.append(time.monotonic() - now_us / 1e6)
        if not granted:
            return Wait(moment_us / 1e6)
        first = moment_us / 1e6 + min(self._offsets)
        return [first + i * self._period_s for i in range(n)]

    def hold(self, seconds: float) -> None:
        """Let nothing out for a while: the provider said when it wants to hear from us again."""
        seconds_now, microseconds = self._redis.time()
        until_us = int((seconds_now + seconds) * 1e6) + microseconds
        self._redis.set(self._keys[1], until_us, px=max(1, int(seconds * 1000)))


def is_late(slot: float) -> bool:
    """Whether a slot has been missed and must be forfeited."""
    return time.monotonic() - slot > LATE_TOLERANCE_S
