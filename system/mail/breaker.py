"""The circuit breaker that all workers share, one for each sending account.

Closed: mails flow. Open: only one probe per interval goes out, until a probe's mail is accepted.
The state is a convenience: a Redis that forgets it costs a few failures until it opens again.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import redis


class Breaker:
    """Opens after a run of failures, over all workers, and closes when a probe was accepted."""

    def __init__(self, connection: redis.Redis, *, account: str, failures_to_open: int) -> None:
        self._redis = connection
        self._key = f"breaker:{{{account}}}"
        self._failures_to_open = failures_to_open
        self._count = connection.register_script(
            files("system.mail").joinpath("count_failures.lua").read_text(encoding="utf-8")
        )

    def is_open(self) -> bool:
        """Whether mails must wait."""
        return self._redis.hget(self._key, "opened_at") is not None

    def count(self, *, accepted: int, failed_since: int) -> bool:
        """Report answers: how many were accepted and how many failed after the last of those; True when it opens."""
        return bool(self._count(keys=[self._key], args=[accepted, failed_since, self._failures_to_open]))

    def take_probe(self, *, interval_s: float) -> bool:
        """Whether the caller may probe now; at most one caller may per interval."""
        return bool(self._redis.set(f"{self._key}:probe", 1, nx=True, px=int(interval_s * 1000)))

    def take_probe_mail(self, *, first_s: float, cap_s: float) -> bool:
        """Whether a real mail may be risked now; the pauses double, over all callers, until the breaker closes."""
        pause_s = float(self._redis.hget(self._key, "mail_pause_s") or first_s)
        if not self._redis.set(f"{self._key}:mail", 1, nx=True, px=int(pause_s * 1000)):
            return False
        self._redis.hset(self._key, "mail_pause_s", min(2 * pause_s, cap_s))
        return True

    def close(self) -> None:
        """Let mails flow again."""
        self._redis.delete(self._key, f"{self._key}:mail")
