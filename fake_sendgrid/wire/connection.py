"""One client connection: bytes become requests, answers go out in the order of their requests."""

import asyncio
import socket
import struct
import time
from collections import deque
from typing import Protocol, cast

import httptools

from fake_sendgrid.wire.request import Request

MAX_BODY_BYTES = 30 * 1024 * 1024
IDLE_S = 75.0
"""How long a connection may be silent while no request is being answered."""
_BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n"
    b"Content-Length: 150\r\n\r\n<html>\r\n<head><title>400 Bad Request</title></head>\r\n<body>\r\n"
    b"<center><h1>400 Bad Request</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class Desk(Protocol):
    """What a connection hands its requests to."""

    connections: set["Connection"]

    def receive(self, connection: "Connection", request: Request) -> None:
        """Take a request; `connection.send` or an end of the connection follows later."""


class Connection:
    """Feeds httptools; its parser calls the `on_` methods, the transport the others."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._busy = False
        self._read_ns = 0
        self._last_read_s = time.monotonic()
        self.transport: asyncio.Transport | None = None
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport: a client connected."""
        self.transport = cast("asyncio.Transport", transport)
        self._desk.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport: the connection is gone, whoever ended it."""
        del exc
        self.transport = None
        self._waiting.clear()
        self._desk.connections.discard(self)

    def data_received_at(self, data: bytes, received_ns: int) -> None:
        """The transport: bytes arrived; their time is the receipt time of requests that end in them."""
        self._read_ns = received_ns
        self._last_read_s = received_ns / 1e9
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, UnicodeDecodeError):
            self.finish(_BAD_REQUEST)

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0

    def on_message_begin(self) -> None:
        """The parser: a request begins."""
        self._begin()

    def on_url(self, url: bytes) -> None:
        """The parser: a part of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser: one header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The parser: the body follows."""
        if self._headers.get("expect", "").lower() == "100-continue" and self.transport:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """The parser: a part of the body; beyond the limit only counted."""
        self._body_bytes += len(data)
        if self._body_bytes <= MAX_BODY_BYTES:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """The parser: the request is whole."""
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            method=self._parser.get_method().decode("latin-1"),
            path=path,
            query=query,
            headers=self._headers,
            body=self._body[0] if len(self._body) == 1 else b"".join(self._body),
            received_ns=self._read_ns,
            keep_alive=self._parser.should_keep_alive(),
            too_large=self._body_bytes > MAX_BODY_BYTES,
        )
        self._begin()
        if self._busy:
            self._waiting.append(request)
        else:
            self._hand_over(request)

    def _hand_over(self, request: Request) -> None:
        self._busy = True
        self._desk.receive(self, request)

    def send(self, data: bytes, *, keep_alive: bool) -> None:
        """Write a whole answer and take up the next request."""
        if self.transport is None:
            return
        if not keep_alive:
            self.finish(data)
            return
        self.transport.write(data)
        self._busy = False
        if self._waiting:
            self._hand_over(self._waiting.popleft())

    def write(self, data: bytes) -> None:
        """Write a part of an answer."""
        if self.transport is not None:
            self.transport.write(data)

    def finish(self, data: bytes = b"") -> None:
        """Write the last bytes and close in good order (FIN)."""
        if self.transport is not None:
            self.transport.write(data)
            self.transport.close()

    def reset(self) -> None:
        """End the connection with RST."""
        if self.transport is not None:
            set_linger_zero(self.transport)
            self.transport.abort()

    def end_if_idle(self, *, now_s: float) -> None:
        """Close when the client has been silent for IDLE_S, mid-request or between requests."""
        if not self._busy and now_s - self._last_read_s > IDLE_S:
            self.finish()


def set_linger_zero(transport: asyncio.Transport) -> None:
    """Make the coming close an RST instead of a FIN."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
