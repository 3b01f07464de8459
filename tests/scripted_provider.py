"""A provider in a few lines, over a real socket, that does with each request what a test tells it to do."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """On the event loop's clock, when the last byte had come."""

    @property
    def job_id(self) -> int:
        """The job that the mail belongs to."""
        return int(self.args["job_id"])

    @property
    def args(self) -> dict[str, Any]:
        """Our own ids on the mail."""
        args: dict[str, Any] = json.loads(self.body)["personalizations"][0]["custom_args"]
        return args


class Hangs:
    """Never answers."""


class Resets:
    """Ends the connection with RST after the whole request was read."""


def answers(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A complete HTTP answer; `retry_after` is the header Retry-After."""
    lines = {"Content-Length": str(len(body)), **{k.replace("_", "-"): v for k, v in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode("latin-1") + body


def accepts() -> bytes:
    """The answer to a mail that the provider takes."""
    return answers(202, X_Message_Id="message-of-the-provider")


def rejects(message: str, status: int = 400) -> bytes:
    """The answer to a mail that the provider never takes."""
    return answers(status, json.dumps({"errors": [{"message": message, "field": None, "help": None}]}).encode())


@dataclass
class ScriptedProvider:
    """What a test says and what came in; `does` decides about each mail, other paths are answered with 200."""

    does: Callable[[Request], bytes | Hangs | Resets | Awaitable[bytes | Hangs | Resets]]
    port: int = 0
    mails: list[Request] = field(default_factory=list)
    questions: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection until either side ends it."""
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._answer(await _read(reader), writer)
        writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path != "/v3/mail/send":
            self.questions.append(request)
            writer.write(answers(200, b'{"scopes":[]}'))
            return
        self.mails.append(request)
        action = self.does(request)
        if not isinstance(action, bytes | Hangs | Resets):
            action = await action
        if isinstance(action, Hangs):
            await asyncio.Event().wait()
        elif isinstance(action, Resets):
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            raise ConnectionResetError
        else:
            writer.write(action)
            if not action.startswith(b"HTTP/1.1 "):
                raise ConnectionResetError


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(head[0].split()[1], headers, body, asyncio.get_running_loop().time())


@asynccontextmanager
async def scripted_provider(
    does: Callable[[Request], Any] = lambda _: accepts(), *, port: int = 0
) -> AsyncIterator[ScriptedProvider]:
    """A provider that listens until the end of the block, and cuts its connections then."""
    provider = ScriptedProvider(does)
    running: set[asyncio.Task[None]] = set()

    def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(provider.serve(reader, writer))
        running.add(task)
        task.add_done_callback(lambda _: writer.transport.abort())

    server = await asyncio.start_server(connect, "127.0.0.1", port)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
