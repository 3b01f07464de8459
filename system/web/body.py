"""Reads a request's body as it came off the wire, within a size and a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request

DEADLINE_S = 10.0


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
