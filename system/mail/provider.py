"""The way to the provider: pooled connections, one total deadline per request, and no automatic repetition."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

import aiohttp

from system.mail.reply import Reply, ReplyKind, read_reply
from system.tracing import note, spanned

if TYPE_CHECKING:
    from collections.abc import Callable

    from system.settings import SendingAccount, Settings

KEEPALIVE_S = 30.0


class _Progress:
    """How far one request has come."""

    def __init__(self, on_sent: Callable[[float], None] | None) -> None:
        self.connected = False
        """Whether a connection had been obtained, so that bytes may have left."""
        self._on_sent = on_sent

    def tell_sent(self) -> None:
        """Called in the turn of the loop that follows the write: by then the kernel has the bytes."""
        if self._on_sent is not None:
            self._on_sent(time.monotonic())


async def _note_connected(_session: object, context: object, _params: object) -> None:
    progress: _Progress | None = context.trace_request_ctx  # type: ignore[attr-defined]  # aiohttp passes it on untyped
    if progress is not None:
        progress.connected = True


async def _note_sent(_session: object, context: object, _params: object) -> None:
    progress: _Progress | None = context.trace_request_ctx  # type: ignore[attr-defined]  # same
    if progress is not None:
        asyncio.get_running_loop().call_soon(progress.tell_sent)


class Provider:
    """One sending account's client; use as an async context manager inside one event loop."""

    def __init__(self, account: SendingAccount, settings: Settings) -> None:
        self._url = account.api_url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {account.api_key.get_secret_value()}",
            "Content-Type": "application/json",
            "User-Agent": "steadypost",
        }
        self._deadline_s = settings.request_deadline_s
        self._connect_timeout_s = settings.connect_timeout_s
        self._connections = settings.sends_in_flight
        self._ambiguous = settings.ambiguous_statuses

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_note_connected)
        trace.on_connection_reuseconn.append(_note_connected)
        trace.on_request_chunk_sent.append(_note_sent)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEPALIVE_S),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace],
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._session.close()

    @spanned("provider.request", kind="client")
    async def send(self, payload: bytes, *, on_sent: Callable[[float], None] | None = None) -> Reply:
        """Post one mail/send request and say what became of it; never raises for the network's sake.

        `on_sent` hears the moment (monotonic) at which the mail's bytes were with the kernel.

        Until a connection is obtained, a failure is a definite no. After that no exception tells
        whether the provider has accepted, so all of them are ambiguous.
        """
        progress = _Progress(on_sent)
        try:
            async with (
                asyncio.timeout(self._deadline_s),
                self._session.post(
                    f"{self._url}/v3/mail/send",
                    data=payload,
                    headers=self._headers,
                    allow_redirects=False,
                    trace_request_ctx=progress,
                ) as response,
            ):
                body = await response.read()
                note(status=response.status)
                return read_reply(
                    status=response.status,
                    headers=response.headers,
                    body=body,
                    ambiguous_statuses=self._ambiguous,
                    now=datetime.now(UTC),
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            kind = ReplyKind.AMBIGUOUS if progress.connected else ReplyKind.UNAVAILABLE
            return Reply(kind=kind, reason=type(exc).__name__)

    async def is_alive(self) -> bool:
        """Whether the provider answers at all; asks for the key's scopes, which sends nothing."""
        try:
            async with (
                asyncio.timeout(self._connect_timeout_s),
                self._session.get(f"{self._url}/v3/scopes", headers=self._headers, allow_redirects=False) as response,
            ):
                return response.status < HTTPStatus.INTERNAL_SERVER_ERROR
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False
