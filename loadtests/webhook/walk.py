"""The scheduler: sends every post at its instant, whether or not earlier ones have been answered."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

import gevent

from loadtests.webhook.recorder import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loadtests.webhook.arrivals import Arrival, Share
    from loadtests.webhook.clock import Clock
    from loadtests.webhook.posts import Post

AHEAD: Final = 32
AHEAD_S: Final = 1.0
MARGIN_S: Final = 0.005
"""Posts are made and signed ahead, while there is time: that work is the load's, not the receiver's."""


class Maker(Protocol):
    """Makes the post of an arrival, signed at a Unix time."""

    def __call__(self, arrival: Arrival, *, at_s: float) -> Post:
        """The post."""


class Walk:
    """One pass through a table of arrivals."""

    def __init__(
        self,
        arrivals: Iterator[Arrival],
        *,
        clock: Clock,
        share: Share,
        make: Maker,
        send: Callable[[Post], tuple[int, str | None]],
        note: Callable[[Request], None],
        in_flight_cap: int,
    ) -> None:
        self._arrivals = arrivals
        self._clock = clock
        self._make = make
        self._send = send
        self._note = note
        self._cap = in_flight_cap
        self._upcoming: Arrival | None = next(arrivals, None)
        self._ready: deque[tuple[Arrival, Post]] = deque()
        self._in_flight: set[gevent.Greenlet] = set()
        self._next_number = share.index
        self._step = share.of
        self._over = False

    def run(self) -> None:
        """Walk to the end of the table, or until `stop`."""
        while not self._over and (self._ready or self._prepare_next(soon=False)):
            arrival, post = self._ready.popleft()
            self._wait_until(arrival.due_s)
            if not self._over:
                self._fire(arrival, post)

    def stop(self, *, deadline_s: float) -> None:
        """Send nothing more, and give what is in flight until the deadline; the rest is noted as unanswered."""
        self._over = True
        gevent.joinall(list(self._in_flight), timeout=deadline_s)
        gevent.killall(list(self._in_flight))

    def _wait_until(self, due_s: float) -> None:
        while (left_s := due_s - self._clock.elapsed_s()) > 0 and not self._over:
            # Between two posts that are made, answers get their turn.
            gevent.sleep(0 if left_s > MARGIN_S and self._prepare_next(soon=True) else left_s)

    def _prepare_next(self, *, soon: bool) -> bool:
        arrival, now_s = self._upcoming, self._clock.elapsed_s()
        if arrival is None or (soon and (len(self._ready) >= AHEAD or arrival.due_s > now_s + AHEAD_S)):
            return False
        self._ready.append((arrival, self._make(arrival, at_s=self._clock.unix(max(now_s, arrival.due_s)))))
        self._upcoming = next(self._arrivals, None)
        return True

    def _fire(self, arrival: Arrival, post: Post) -> None:
        number, self._next_number = self._next_number, self._next_number + self._step
        if len(self._in_flight) >= self._cap:
            error = f"{self._cap} posts were in flight"
            self._note(Request(number=number, arrival=arrival, post=post, sent_s=None, done_s=None, error=error))
            return
        greenlet = gevent.spawn(self._carry, number, arrival, post)
        self._in_flight.add(greenlet)
        greenlet.link(self._in_flight.discard)

    def _carry(self, number: int, arrival: Arrival, post: Post) -> None:
        sent_s = self._clock.elapsed_s()
        try:
            status, error = self._send(post)
        except gevent.GreenletExit:
            status, error = 0, "no answer when the load was stopped"
        done_s = self._clock.elapsed_s()
        self._note(
            Request(number=number, arrival=arrival, post=post, sent_s=sent_s, done_s=done_s, status=status, error=error)
        )
