"""The provider's limit, kept by all workers together: permits are moments to start, reserved in Redis.

No Redis, no permit: every call raises redis.RedisError then, and nothing is sent.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import redis

WINDOW_S = 1.0
SLACK_S = 0.008
"""Starts are kept apart by this much more than the window, which is what a mail's way from its start to the
provider may vary by; it costs 0.8 % of the limit (docs/decisions/0002)."""

SPREAD = 0.9
"""Neighbouring starts are at least this share of their even distance apart: no bursts, and room to catch up."""

LATE_S = 0.002
"""A start that is missed by more than this is corrected in the log, whether it is noticed before or after."""

HORIZON_S = 0.5
"""How far ahead starts are handed out, and how late one may still be moved; together less than the window."""

CLOCK_SAMPLES = 64
CLOCK_QUESTIONS = 16
"""How often a server that is new to this process is asked for its time."""
FORGOTTEN = -1
"""The script's word for a server that has been flushed, restarted or replaced."""

LENGTHEN_HOLD = """
    local clock = redis.call('TIME')
    local until_us = clock[1] * 1000000 + clock[2] + ARGV[1]
    if until_us > tonumber(redis.call('GET', KEYS[1]) or '0') then
        redis.call('SET', KEYS[1], string.format('%.0f', until_us))
    end
"""


@dataclass(frozen=True)
class Wait:
    """No permit was reserved; ask again after this time."""

    seconds: float


@dataclass(frozen=True)
class Permit:
    """One mail may start at `starts_at`, a moment of this process's monotonic clock."""

    number: int
    starts_at: float


class RateLimit:
    """The permits of one sending account."""

    def __init__(
        self,
        connection: redis.Redis,
        *,
        account: str,
        mails_per_s: float | None,
        pause_left_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`pause_left_s` knows what is left of the provider's pause; asked when Redis has forgotten it."""
        self._redis, self._pause_left_s = connection, pause_left_s
        self._starts, self._hold = f"permits:{{{account}}}", f"permits:{{{account}}}:hold"
        self._keys = (self._starts, f"permits:{{{account}}}:count", self._hold, f"permits:{{{account}}}:server")
        self._is_limited = mails_per_s is not None
        self._limit = max(1, int(mails_per_s or 1))
        window_s = max(WINDOW_S, self._limit / mails_per_s if mails_per_s else 0.0) + SLACK_S
        self._window_us = window_s * 1e6
        self._gap_us = self._window_us / self._limit * SPREAD
        self._script = connection.register_script(
            files("system.mail").joinpath("reserve_permits.lua").read_text(encoding="utf-8")
        )
        self._lengthen = connection.register_script(LENGTHEN_HOLD)
        self._server: bytes | None = None
        self._offsets: deque[float] = deque(maxlen=CLOCK_SAMPLES)

    def reserve(self, n: int) -> Sequence[Permit] | Wait:
        """Permits for n mails, or how long to wait before asking again."""
        if not self._is_limited:
            return [Permit(0, time.monotonic())] * n
        server, (now_us, first_number, *moments_us) = self._ask(n, pause_us="")
        if first_number == FORGOTTEN:
            server, (now_us, first_number, *moments_us) = self._ask(n, pause_us=self._pause_left_s() * 1e6)
        if server != self._server:
            self._server = server
            self._learn_clock()  # another server has another clock
        # The fastest answer of late is the best estimate of how the server's clock relates to ours.
        self._offsets.append(time.monotonic() - now_us / 1e6)
        if not first_number:
            return Wait(moments_us[0] / 1e6)
        offset = min(self._offsets)
        return [Permit(first_number + i, moment_us / 1e6 + offset) for i, moment_us in enumerate(moments_us)]

    def _learn_clock(self) -> None:
        """Ask for nothing but the time, often enough that one answer was quick.

        By a slow answer alone the first starts would come late, and then stand too near to those that follow.
        """
        self._offsets.clear()
        for _ in range(CLOCK_QUESTIONS):
            whole_seconds, microseconds = self._redis.time()
            self._offsets.append(time.monotonic() - whole_seconds - microseconds / 1e6)

    def _ask(self, n: int, *, pause_us: float | str) -> tuple[bytes, list[int]]:
        arguments = (n, self._limit, self._window_us, self._gap_us, HORIZON_S * 1e6, pause_us)
        server, *numbers = self._script(keys=self._keys, args=arguments)
        return server, [int(number) for number in numbers]

    def renew(self, permit: Permit) -> Permit | None:
        """Move a permit that was missed to the present; None when it is too late, and another must be reserved."""
        now = time.monotonic()
        if not self._is_limited or now - permit.starts_at <= LATE_S:
            return permit
        if now - permit.starts_at > HORIZON_S / 2:
            return None
        return Permit(permit.number, now) if self.correct(permit, started_at=now) else None

    def correct(self, permit: Permit, *, started_at: float) -> bool:
        """Tell the log when the mail really started, before the start that follows it by a window is reserved.

        False when the server has forgotten the permit.
        """
        started_us = int((started_at - min(self._offsets)) * 1e6)
        return bool(self._redis.zadd(self._starts, {str(permit.number): started_us}, xx=True, ch=True))

    def hold(self, seconds: float) -> None:
        """Let nothing out for a while: the provider said when it wants to hear from us again; never shortens."""
        self._lengthen(keys=(self._hold,), args=(seconds * 1e6,))

    def reserved(self) -> int:
        """How many permits were ever reserved, as far as the server remembers."""
        return int(self._redis.get(self._keys[1]) or 0)

    def held_s(self) -> float:
        """For how long nothing may start."""
        until_us = float(self._redis.get(self._hold) or 0)
        whole_seconds, microseconds = self._redis.time()
        return max(0.0, until_us / 1e6 - whole_seconds - microseconds / 1e6)
