"""The listening socket, which can be shut so that clients are refused, and opened again at the same address."""

import contextlib
import socket

from fake_sendgrid.wire.connection import Connection
from fake_sendgrid.wire.desk import FrontDesk
from fake_sendgrid.wire.timed_transport import Acceptor

BACKLOG = 4096


class Door:
    """Shutting it also resets every open connection: a process that is gone answers nobody."""

    def __init__(self, *, desk: FrontDesk, listener: socket.socket) -> None:
        self._desk = desk
        self._listener = listener
        self._address = listener.getsockname()
        self._acceptor: Acceptor | None = None

    async def open(self) -> None:
        """Listen; idempotent."""
        if self._acceptor is not None:
            return
        if self._listener.fileno() == -1:
            self._listener = socket.create_server(self._address[:2], backlog=BACKLOG)
        self._listener.listen(BACKLOG)
        self._acceptor = Acceptor(self._listener, lambda: Connection(self._desk))

    def shut(self) -> bool:
        """Refuse from now on; False when the door was shut already."""
        if self._acceptor is None:
            return False
        self._acceptor.close()
        self._acceptor = None
        with contextlib.suppress(OSError):
            self._listener.close()
        for connection in tuple(self._desk.connections):
            connection.reset()
        return True
