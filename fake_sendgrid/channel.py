"""The line between the wire process and the office process: JSON requests and answers over a socket pair."""

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

MAX_FRAME_BYTES = 64 * 1024 * 1024
Message = dict[str, Any]
Handler = Callable[[Message], Awaitable[Message]]


class ChannelError(Exception):
    """The other process could not answer; says what failed there."""


class ChannelClosedError(ConnectionError):
    """The other process is gone."""


class Channel:
    """Both sides may ask; each question is answered once, and questions of one side arrive in order."""

    def __init__(self, sock: socket.socket, *, answer: Handler) -> None:
        self._sock = sock
        self._answer = answer
        self._numbers = itertools.count(1)
        self._open: dict[int, asyncio.Future[Message]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until the other side is gone."""
        reader, self._writer = await asyncio.open_connection(sock=self._sock, limit=MAX_FRAME_BYTES)
        try:
            while line := await reader.readline():
                self._take(orjson.loads(line))
        except ConnectionError:
            pass
        finally:
            for waiting in self._open.values():
                waiting.set_exception(ChannelClosedError("the other process is gone"))
                waiting.exception()  # whoever asked may have left
            self._open.clear()

    async def ask(self, message: Message) -> Message:
        """The other side's answer to `message`; raises ChannelError or ChannelClosedError."""
        if self._writer is None or self._writer.is_closing():
            raise ChannelClosedError("the other process is gone")
        number = next(self._numbers)
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._open[number] = waiting
        self._writer.write(orjson.dumps({"ask": number, "message": message}) + b"\n")
        return await waiting

    def _take(self, frame: Message) -> None:
        if "ask" in frame:
            task = asyncio.ensure_future(self._reply(frame["ask"], frame["message"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif (waiting := self._open.pop(frame["answer"])) and not waiting.done():
            if "failure" in frame:
                waiting.set_exception(ChannelError(frame["failure"]))
            else:
                waiting.set_result(frame["message"])

    async def _reply(self, number: int, message: Message) -> None:
        try:
            frame = {"answer": number, "message": await self._answer(message)}
        except Exception as exc:  # noqa: BLE001 - whoever asked must not wait for ever; it raises there
            frame = {"answer": number, "failure": f"{message['op']}: {exc!r}"}
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(orjson.dumps(frame) + b"\n")
