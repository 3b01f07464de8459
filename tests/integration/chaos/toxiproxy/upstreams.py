"""Servers behind the proxies of these tests, and clients in front of them."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Echo:
    """Answers every byte with itself, and remembers all of them."""

    port: int
    heard: bytearray = field(default_factory=bytearray)


@contextmanager
def echo() -> Iterator[Echo]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Echo(listener.getsockname()[1])
        connections: list[socket.socket] = []

        def serve(connection: socket.socket) -> None:
            with connection:
                try:
                    while data := connection.recv(65_536):
                        made.heard += data
                        connection.sendall(data)
                except OSError:
                    return

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connections.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in connections:
                connection.close()


@contextmanager
def web() -> Iterator[int]:
    """An HTTP server that answers every path with two kilobytes; its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2000")
        self.end_headers()
        self.wfile.write(b"y" * 2000)

    def log_message(self, *_: Any) -> None:
        pass


def connect(port: int, *, timeout_s: float = 5.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=timeout_s)


def ask(connection: socket.socket, data: bytes = b"hello") -> bytes | None:
    """The answer; None when there is none in time."""
    connection.sendall(data)
    try:
        return connection.recv(65_536)
    except TimeoutError:
        return None


def wait_for(happened: Callable[[], bool], what: str) -> None:
    def check() -> None:
        if not happened():
            raise NotReadyError("not yet")

    wait_until_ready(check, what=what, deadline_s=20)
