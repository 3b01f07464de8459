"""Reads a request's body as it came off the wire, within a size and a time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request

DEADLINE_S = 10.0
LINGER_S = 2.0
LINGER_BYTES = 16 * 1024 * 1024


class BodyTooLargeError(Exception):
    """Raised as soon as a body is known to exceed its limit; the rest is not read."""


async def read_body(request: Request, *, max_bytes: int, deadline_s: float = DEADLINE_S) -> bytes:
    """The raw bytes; BodyTooLargeError, TimeoutError, or starlette's ClientDisconnect."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise BodyTooLargeError
    body = bytearray()
    async with asyncio.timeout(deadline_s):
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_bytes:
                raise BodyTooLargeError
    return bytes(body)


async def discard_rest(request: Request, *, linger_s: float = LINGER_S, linger_bytes: int = LINGER_BYTES) -> None:
    """Let what still arrives go by for a while, before a refusal.

    A connection closed over unread bytes is reset, and a reset may destroy the answer before the client has read it
    (RFC 9112, section 9.6).
    """
    left_bytes = linger_bytes
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(linger_s):
            while left_bytes > 0:
                message = await request.receive()
                if not message.get("more_body", False):  # its end, or the end of the connection
                    return
                left_bytes -= len(message["body"])
