"""A TCP transport that knows when the kernel took each packet in, whatever the event loop was doing then.

A provider's edge does not stall because a laptop does: receipt times, and the rate that is judged by them,
are those of the kernel (SO_TIMESTAMPING, Linux). Elsewhere they are the times of reading.
"""

import asyncio
import contextlib
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Protocol

READ_BYTES = 262_144
ANCILLARY_BYTES = 128
# linux/net_tstamp.h: software receive timestamps, and their delivery with the data.
_SO_TIMESTAMPING = 37
_RX_SOFTWARE_AND_REPORT = (1 << 3) | (1 << 4)
_TIMESPEC = struct.Struct("qq")


class Receiver(Protocol):
    """What a transport feeds: asyncio's protocol, with the time of receipt beside the data."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""

    def data_received_at(self, data: bytes, received_ns: int) -> None:
        """Bytes were read; the time is monotonic."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""


class TimedTransport(asyncio.Transport):
    """One accepted socket on the running loop; writes are buffered without a bound."""

    def __init__(self, sock: socket.socket, receiver: Receiver) -> None:
        super().__init__({"socket": sock})
        self._sock, self._receiver = sock, receiver
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._closing = self._closed = False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sys.platform == "linux":
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPING, _RX_SOFTWARE_AND_REPORT)
        receiver.connection_made(self)
        self._loop.add_reader(sock, self._read)

    def _read(self) -> None:
        try:
            data, ancillary, _, _ = self._sock.recvmsg(READ_BYTES, ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as exc:
            self._end(exc)
            return
        if data:
            self._receiver.data_received_at(data, _kernel_time_ns(ancillary))
        else:
            self.close()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send what the socket takes now, and the rest when it can."""
        if self._closing:
            return
        if not self._buffer:
            try:
                data = memoryview(data)[self._sock.send(data) :]
            except (BlockingIOError, InterruptedError):
                pass
            except OSError as exc:
                self._end(exc)
                return
            if not data:
                return
            self._loop.add_writer(self._sock, self._flush)
        self._buffer += data

    def _flush(self) -> None:
        try:
            del self._buffer[: self._sock.send(self._buffer)]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as exc:
            self._end(exc)
            return
        if not self._buffer:
            self._loop.remove_writer(self._sock)
            if self._closing:
                self._end(None)

    def is_closing(self) -> bool:
        """Whether no more data is taken."""
        return self._closing

    def close(self) -> None:
        """Send what is buffered, then FIN."""
        if not self._closing:
            self._closing = True
            self._loop.remove_reader(self._sock)
            if not self._buffer:
                self._end(None)

    def abort(self) -> None:
        """Close at once; buffered data is lost."""
        self._closing = True
        self._end(None)

    def _end(self, exc: Exception | None) -> None:
        if self._closed:
            return
        self._closing = self._closed = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        self._loop.call_soon(self._receiver.connection_lost, exc)


def _kernel_time_ns(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The last packet's arrival on the monotonic clock; now, when the kernel did not say."""
    now_ns = time.monotonic_ns()
    for level, _, content in ancillary:
        if level == socket.SOL_SOCKET and len(content) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(content)
            if seconds:
                lag_ns: int = time.time_ns() - seconds * 1_000_000_000 - nanoseconds
                return now_ns - max(0, lag_ns)
    return now_ns


class Acceptor:
    """Accepts on a listening socket and gives each connection its transport."""

    def __init__(self, listener: socket.socket, make_receiver: Callable[[], Receiver]) -> None:
        self._listener, self._make_receiver = listener, make_receiver
        self._loop = asyncio.get_running_loop()
        listener.setblocking(False)
        self._loop.add_reader(listener, self._accept)

    def _accept(self) -> None:
        # Several at once: connections come in bursts when clients start.
        for _ in range(100):
            try:
                sock, _ = self._listener.accept()
            except OSError:  # nobody waits any more, or the client has gone again
                return
            with contextlib.suppress(OSError):
                TimedTransport(sock, self._make_receiver())

    def close(self) -> None:
        """Accept no more; the listening socket stays open for its owner to close."""
        self._loop.remove_reader(self._listener)
