"""A client that spends almost nothing per request, and a receiver that only counts events."""

import asyncio
import contextlib
import time
from collections import deque
from types import TracebackType
from typing import Self, cast

from loadtests.bench_fake_process import API_KEY

_END = b"\r\n\r\n"


class Client:
    """The same request over and over on kept connections; every answer must be a 202."""

    def __init__(self, port: int, body: bytes, *, connections: int) -> None:
        head = f"POST /v3/mail/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.request = head.encode() + body
        self.done = 0
        self._port = port
        self._connections = connections
        self._lines: list[_Line] = []

    async def _open(self) -> list["_Line"]:
        loop = asyncio.get_running_loop()
        while len(self._lines) < self._connections:
            _, line = await loop.create_connection(lambda: _Line(self), "127.0.0.1", self._port)
            self._lines.append(line)
        return self._lines

    async def run(self, seconds: float) -> int:
        """As fast as answers come; returns how many came."""
        lines, before = await self._open(), self.done
        for line in lines:
            line.repeat = True
            line.ask()
        await asyncio.sleep(seconds)
        for line in lines:
            line.repeat = False
        await self._settle()
        return self.done - before

    async def run_until(self, requests: int) -> None:
        """As fast as answers come, until so many more have come."""
        lines, goal = await self._open(), self.done + requests
        for line in lines:
            line.repeat = True
            line.ask()
        while self.done < goal:  # noqa: ASYNC110 - a poll costs the measurement less than an event per answer
            await asyncio.sleep(0.01)
        for line in lines:
            line.repeat = False
        await self._settle()

    async def run_timed(self, requests: int, *, per_s: float) -> list[int]:
        """At exact moments; returns the monotonic time of each sending."""
        lines, sent_ns = await self._open(), []
        began_s = time.perf_counter()
        for number in range(requests):
            await asyncio.sleep(max(0.0, began_s + number / per_s - time.perf_counter()))
            line = next(line for line in lines if not line.busy)
            sent_ns.append(time.monotonic_ns())
            line.ask()
        await self._settle()
        return sent_ns

    async def run_paced(self, seconds: float, *, per_s: float) -> None:
        """At a steady rate, over all lines in turn so that the fake finds none of them idle."""
        lines = deque(await self._open())
        began_s, sent = time.perf_counter(), 0
        while (now_s := time.perf_counter() - began_s) < seconds:
            while sent < now_s * per_s and not lines[0].busy:
                lines[0].ask()
                lines.rotate(-1)
                sent += 1
            await asyncio.sleep(0.004)
        await self._settle()

    async def _settle(self) -> None:
        while any(line.busy for line in self._lines):  # noqa: ASYNC110 - a few polls at the end
            await asyncio.sleep(0.01)


class _Line(asyncio.Protocol):
    """One connection with one request in flight."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read = b""
        self.busy = self.repeat = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop: connected."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The loop: the fake closed the connection, which no benchmark expects."""
        if self.busy:
            raise SystemExit(f"the fake closed a connection in mid-request ({exc})")

    def ask(self) -> None:
        """Send one request."""
        self.busy = True
        self._transport.write(self._client.request)

    def data_received(self, data: bytes) -> None:
        """The loop: a part of an answer; its body is empty."""
        self._read += data
        if not self._read.endswith(_END):
            return
        if not self._read.startswith(b"HTTP/1.1 202"):
            raise SystemExit(f"the fake answered {self._read[:200]!r}")
        self._read = b""
        self._client.done += 1
        self.busy = False
        if self.repeat:
            self.ask()


class Receiver:
    """Counts events by a mark that every one of them has."""

    async def __aenter__(self) -> Self:
        self.events = self.posts = 0
        self.first_s = self.last_s = 0.0
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Post(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/events"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def count(self, body: bytes) -> None:
        """One post has come."""
        self.last_s = time.perf_counter()
        self.first_s = self.first_s or self.last_s
        self.posts += 1
        self.events += body.count(b'"sg_event_id"')


class _Post(asyncio.Protocol):
    """One connection of the fake's."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop: connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """The loop: a part of a post."""
        self._read += data
        head_end = self._read.find(_END)
        if head_end == -1:
            return
        with contextlib.suppress(ValueError):
            head = bytes(self._read[:head_end]).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self._read) >= head_end + len(_END) + length:
                self._receiver.count(bytes(self._read[head_end:]))
                self._read.clear()
                self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
