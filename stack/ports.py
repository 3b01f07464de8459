"""Free TCP ports on the loopback interface, outside the range from which the kernel serves clients."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from stack.errors import StackError

if TYPE_CHECKING:
    import random

# Below 32768 no outgoing connection can take a port between our choosing and the server's binding it.
PORT_RANGE: Final = range(20_001, 32_768)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port right now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_ports(count: int, *, choice: random.Random) -> list[int]:
    """`count` different free ports; drawn at random, so that stacks starting together hardly ever collide."""
    found: list[int] = []
    for port in choice.sample(PORT_RANGE, k=len(PORT_RANGE)):
        if len(found) == count:
            return found
        if is_free(port):
            found.append(port)
    raise StackError(
        f"no {count} free ports between {PORT_RANGE.start} and {PORT_RANGE.stop - 1}; stop something first"
    )
