"""The desk behind all connections: requests wait a turn of the loop, are answered, and the ledger is written first."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from fake_sendgrid.wire.connection import Connection
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.reply import Reply
from fake_sendgrid.wire.request import Request

TURN_S = 0.0015
"""Work at most this long before sockets are read again: receipt times stay exact under load."""

Waiting = tuple[Connection, Request]
Answered = tuple[Connection, Request, Reply]


class FrontDesk:
    """Reading only timestamps and parses; answering happens here, in short turns."""

    def __init__(
        self,
        *,
        answer: Callable[[Request], Reply],
        ledger: Ledger,
        write: Callable[[], None],
        draw_latency_s: Callable[[], float],
        sync_first: bool,
    ) -> None:
        self.connections: set[Connection] = set()
        self._answer = answer
        self._ledger = ledger
        self._write = write
        self._draw_latency_s = draw_latency_s
        self._sync_first = sync_first
        self._queue: deque[Waiting] = deque()
        self._scheduled = False
        self._loop = asyncio.get_running_loop()
        self._syncs: set[asyncio.Task[None]] = set()

    def receive(self, connection: Connection, request: Request) -> None:
        """Queue the request for the next turn."""
        self._queue.append((connection, request))
        self._schedule()

    def _schedule(self) -> None:
        if self._queue and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._scheduled = False
        answered: list[Answered] = []
        end_s = time.monotonic() + TURN_S
        while self._queue and time.monotonic() < end_s:
            connection, request = self._queue.popleft()
            answered.append((connection, request, self._answer(request)))
        self._write()
        if self._sync_first and self._ledger.unsynced:
            task = asyncio.ensure_future(self._sync_then_send(answered))
            self._syncs.add(task)
            task.add_done_callback(self._syncs.discard)
        else:
            self._send_all(answered)
        self._schedule()

    async def _sync_then_send(self, answered: list[Answered]) -> None:
        await asyncio.to_thread(self._ledger.sync)
        self._send_all(answered)

    def _send_all(self, answered: list[Answered]) -> None:
        for connection, request, reply in answered:
            delay_s = self._draw_latency_s()
            if delay_s:
                self._loop.call_later(delay_s, self._send, connection, request, reply)
            else:
                self._send(connection, request, reply)

    def _send(self, connection: Connection, request: Request, reply: Reply) -> None:
        connection.send(reply.render(request), keep_alive=request.keep_alive and not reply.close)
