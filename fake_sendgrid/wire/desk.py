"""The desk behind all connections: requests wait a turn of the loop, are answered, and the ledger is written first."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from fake_sendgrid.channel import ChannelError
from fake_sendgrid.wire.connection import Connection
from fake_sendgrid.wire.ending import end_request
from fake_sendgrid.wire.latency import Latency
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.misbehaviour import show_failure
from fake_sendgrid.wire.outcome import Outcome
from fake_sendgrid.wire.request import Request

TURN_S = 0.0015
"""Work at most this long before sockets are read again: receipt times stay exact under load."""

Ended = tuple[Connection, Request, Outcome]
Answer = Callable[[Request], Outcome | Awaitable[Outcome]]


class FrontDesk:
    """Reading only timestamps and parses; answering happens here, in short turns."""

    def __init__(
        self, *, answer: Answer, ledger: Ledger, write: Callable[[], None], latency: Latency, sync_first: bool
    ) -> None:
        self.connections: set[Connection] = set()
        self.latency = latency
        self._answer = answer
        self._ledger = ledger
        self._write = write
        self._sync_first = sync_first
        self._queue: deque[tuple[Connection, Request]] = deque()
        self._ended: list[Ended] = []
        self._scheduled = False
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def receive(self, connection: Connection, request: Request) -> None:
        """Queue the request for the next turn."""
        self._queue.append((connection, request))
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._scheduled = False
        end_s = time.monotonic() + TURN_S
        while self._queue and time.monotonic() < end_s:
            connection, request = self._queue.popleft()
            outcome = self._answer(request)
            if isinstance(outcome, Outcome):
                self._ended.append((connection, request, outcome))
            else:
                self._start(self._await(connection, request, outcome))
        self._write()
        ended, self._ended = self._ended, []
        if self._sync_first and self._ledger.unsynced:
            self._start(self._sync_then_end(ended))
        else:
            self._end_all(ended)
        if self._queue:
            self._schedule()

    async def _await(self, connection: Connection, request: Request, outcome: Awaitable[Outcome]) -> None:
        try:
            ended = await outcome
        except (ConnectionError, ChannelError):
            ended = Outcome(show_failure(503))
        self._ended.append((connection, request, ended))
        self._schedule()

    async def _sync_then_end(self, ended: list[Ended]) -> None:
        await asyncio.to_thread(self._ledger.sync)
        self._end_all(ended)

    def _end_all(self, ended: list[Ended]) -> None:
        for connection, request, outcome in ended:
            delay_s = self.latency.draw_s()
            if delay_s:
                self._loop.call_later(delay_s, end_request, connection, request, outcome)
            else:
                end_request(connection, request, outcome)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
