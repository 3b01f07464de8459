"""Gives each request an id, which is bound to every log line, error report and span that it causes."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

log = structlog.get_logger()

HEADER: Final = b"x-request-id"
_ID: Final = re.compile(rb"[0-9a-f]{32}")


class RequestContext:
    """ASGI middleware: the proxy's id when it sends one, so that its lines and ours can be joined, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  # ASGI's
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(HEADER, b"")
        request_id = given.decode() if _ID.fullmatch(given) else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send)
            except Exception:
                log.exception("request.failed")  # the server's own line about it has no ids
                raise
