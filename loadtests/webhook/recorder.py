"""Writes down every request, and says how the last seconds were."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from loadtests.webhook.arrivals import PROVIDER

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.webhook.arrivals import Arrival
    from loadtests.webhook.clock import Clock
    from loadtests.webhook.posts import Post

LIVE_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One arrival and what became of it; times in seconds since the start, None for what never happened."""

    number: int
    arrival: Arrival
    post: Post
    sent_s: float | None
    done_s: float | None
    status: int = 0
    error: str | None = None

    @property
    def dropped(self) -> bool:
        """Never sent, because too many were in flight."""
        return self.sent_s is None

    @property
    def response_ms(self) -> float:
        """From the instant for which it was intended, so that waiting is not left out."""
        return 0.0 if self.done_s is None else (self.done_s - self.arrival.due_s) * 1000

    def line(self, clock: Clock) -> dict[str, Any]:
        """As the run folder keeps it (requests.jsonl)."""
        return {
            "n": self.number,
            "user": self.post.user,
            "stage": self.arrival.stage,
            "intended_at": clock.unix(self.arrival.due_s),
            "sent_at": None if self.sent_s is None else clock.unix(self.sent_s),
            "done_at": None if self.done_s is None else clock.unix(self.done_s),
            "status": self.status,
            "events": self.post.events,
            "bytes": len(self.post.body),
            "digest": self.post.digest,
            "event_ids": list(self.post.event_ids),
            "error": self.error,
            "dropped": self.dropped,
        }


class Recorder:
    """One file of lines, written once a second and not per request."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._clock = clock
        self._waiting: list[Request] = []
        self._recent: deque[tuple[float, float, int]] = deque()
        self.dropped = 0

    def note(self, request: Request) -> None:
        """Remember one request."""
        self._waiting.append(request)
        self.dropped += request.dropped
        if request.post.user == PROVIDER and request.done_s is not None:
            self._recent.append((request.done_s, request.response_ms, request.post.events))

    def flush(self) -> None:
        """Write what was noted since the last time."""
        waiting, self._waiting = self._waiting, []
        self._file.write(b"".join(orjson.dumps(request.line(self._clock)) + b"\n" for request in waiting))
        self._file.flush()

    def live(self) -> dict[str, Any]:
        """The provider's posts that were answered within the last seconds."""
        now_s = self._clock.elapsed_s()
        while self._recent and self._recent[0][0] < now_s - LIVE_S:
            self._recent.popleft()
        times = sorted(response_ms for _, response_ms, _ in self._recent)
        span_s = min(LIVE_S, now_s) or 1.0
        return {
            "at": self._clock.unix(now_s),
            "p50_ms": percentile(times, 0.50),
            "p99_ms": percentile(times, 0.99),
            "events_per_s": sum(events for _, _, events in self._recent) / span_s,
            "posts_per_s": len(times) / span_s,
            "dropped": self.dropped,
        }

    def close(self) -> None:
        """Write the rest."""
        self.flush()
        self._file.close()


def percentile(ordered: list[float], share: float) -> float | None:
    """The smallest value that at least `share` of all don't exceed; None of nothing."""
    if not ordered:
        return None
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)]
