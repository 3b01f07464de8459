"""When the reading of a request's body ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect

from system.web.body import BodyTooLargeError, discard_rest, read_body

if TYPE_CHECKING:
    from starlette.types import Message

pytestmark = pytest.mark.unit


class Wire:
    """Plays the server's side of ASGI: the chunks of a body, then silence or the end of the connection."""

    def __init__(self, *chunks: bytes, then: str = "end") -> None:
        self.read = 0
        self._messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        if then == "end":
            self._messages.append({"type": "http.request", "body": b"", "more_body": False})
        elif then == "disconnect":
            self._messages.append({"type": "http.disconnect"})

    async def receive(self) -> Message:
        if not self._messages:
            await asyncio.Event().wait()
        self.read += 1
        return self._messages.pop(0)


def read(wire: Wire, *, max_bytes: int = 10, announced: str | None = None, deadline_s: float = 5.0) -> bytes:
    headers = [(b"content-length", announced.encode())] if announced is not None else []
    request = Request({"type": "http", "method": "POST", "headers": headers}, wire.receive)
    return asyncio.run(read_body(request, max_bytes=max_bytes, deadline_s=deadline_s))


def test_the_pieces_are_put_together_unchanged() -> None:
    assert read(Wire(b"a\r\n", b"\x00\xff")) == b"a\r\n\x00\xff"


def test_a_body_of_exactly_the_limit_is_read() -> None:
    assert read(Wire(b"x" * 10), announced="10") == b"x" * 10


def test_a_body_that_announces_too_much_is_not_read_at_all() -> None:
    wire = Wire(b"x" * 11)

    with pytest.raises(BodyTooLargeError):
        read(wire, announced="11")
    assert wire.read == 0


def test_a_body_that_grows_too_large_is_not_read_on() -> None:
    wire = Wire(b"x" * 6, b"x" * 6, b"x" * 6)

    with pytest.raises(BodyTooLargeError):
        read(wire)
    assert wire.read == 2


def test_a_body_that_stops_coming_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        read(Wire(b"x", then="silence"), deadline_s=0.05)


def test_a_client_that_hangs_up_is_noticed() -> None:
    with pytest.raises(ClientDisconnect):
        read(Wire(b"x", then="disconnect"))


@pytest.mark.parametrize("announced", ["", "ten", "-1", "1e3"])
def test_a_length_that_is_no_number_is_ignored(announced: str) -> None:
    assert read(Wire(b"x"), announced=announced) == b"x"


def discard(wire: Wire, *, linger_s: float = 5.0, linger_bytes: int = 100) -> None:
    request = Request({"type": "http", "method": "POST", "headers": []}, wire.receive)
    asyncio.run(discard_rest(request, linger_s=linger_s, linger_bytes=linger_bytes))


def test_the_rest_of_a_refused_body_goes_by() -> None:
    wire = Wire(b"x" * 40, b"x" * 40)
    discard(wire)
    assert wire.read == 3


def test_no_more_than_so_much_goes_by() -> None:
    wire = Wire(b"x" * 60, b"x" * 60, b"x" * 60)
    discard(wire)
    assert wire.read == 2


def test_a_client_that_hangs_up_or_stops_is_not_waited_for() -> None:
    discard(Wire(then="disconnect"))
    discard(Wire(b"x", then="silence"), linger_s=0.05)
