"""The listening socket, which can be shut so that clients are refused, and opened again at the same address."""

import asyncio
import contextlib
import socket

from fake_sendgrid.wire.connection import Connection
from fake_sendgrid.wire.desk import FrontDesk

BACKLOG = 4096


class Door:
    """Shutting it also resets every open connection: a process that is gone answers nobody."""

    def __init__(self, *, desk: FrontDesk, listener: socket.socket) -> None:
        self._desk = desk
        self._listener = listener
        self._address = listener.getsockname()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; idempotent."""
        if self._server is not None:
            return
        if self._listener.fileno() == -1:
            self._listener = socket.create_server(self._address[:2], backlog=BACKLOG)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self._desk), sock=self._listener, backlog=BACKLOG)

    def shut(self) -> bool:
        """Refuse from now on; False when the door was shut already."""
        if self._server is None:
            return False
        self._server.close()
        self._server = None
        with contextlib.suppress(OSError):
            self._listener.close()
        for connection in tuple(self._desk.connections):
            connection.reset()
        return True
