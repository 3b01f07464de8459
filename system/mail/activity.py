"""What the provider remembers of a week's mails: its Email Activity API, read completely or not at all.

One answer lists at most 1,000 messages and has no next page, so a window of time that holds more is cut in two. An
event moves its message to a later window, never to an earlier one; windows are read in order and the last is open.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp
import orjson

from system.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from system.settings import SendingAccount, Settings

MOST: Final = 1000
REMEMBERED: Final = timedelta(days=30)
"""With the provider's add-on for activity history; without it three days."""
SHORTEST: Final = timedelta(seconds=1)
PAUSE_S: Final = 10.0
REMEDY: Final = "Where the account has no Email Activity, `steadypost db reconcile --hold` sends none of them again."


class Activity:
    """One sending account's record; use as an async context manager. DependencyError when it can't be read."""

    def __init__(self, account: SendingAccount, settings: Settings) -> None:
        self._url = f"{account.api_url.rstrip('/')}/v3/messages"
        self._headers = {"Authorization": f"Bearer {account.api_key.get_secret_value()}", "User-Agent": "steadypost"}
        self._deadline_s = settings.request_deadline_s

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._deadline_s))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._session.close()

    async def accepted(self, *, newsletter: str, week_key: str) -> dict[str, str]:
        """Every message of a newsletter's week: the provider's message id to the recipient's address."""
        said = f'CONTAINS(categories, "{_quoted(newsletter)}") AND unique_args[\'week_key\']="{week_key}"'
        now = datetime.now(UTC)
        found: dict[str, str] = {}
        await self._read(said, now - REMEMBERED, now, found)
        await self._read(said, now, None, found)
        return found

    async def user_of(self, message_id: str) -> int:
        """The user id that we wrote on a message."""
        message = await self._ask(f"{self._url}/{message_id}", {})
        written = message["unique_args"]
        arguments = written if isinstance(written, dict) else orjson.loads(written)
        return int(arguments["user_id"])

    async def _read(self, said: str, since: datetime, until: datetime | None, found: dict[str, str]) -> None:
        when = f"BETWEEN {_moment(since)} AND {_moment(until)}" if until else f">= {_moment(since)}"
        query = {"query": f"{said} AND last_event_time {when}", "limit": str(MOST)}
        messages = (await self._ask(self._url, query))["messages"]
        if len(messages) < MOST:
            found.update({message["msg_id"]: message["to_email"] for message in messages})
            return
        end = until or datetime.now(UTC) + SHORTEST
        if end - since <= SHORTEST:
            raise DependencyError(f"the provider lists only {MOST} of the messages around {since:%FT%TZ}. {REMEDY}")
        middle = since + (end - since) / 2
        await self._read(said, since, middle, found)
        await self._read(said, middle, until, found)

    async def _ask(self, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        while True:
            try:
                async with self._session.get(url, params=query, headers=self._headers) as response:
                    if response.status == HTTPStatus.OK:
                        answer: dict[str, Any] = await response.json(content_type=None)
                        return answer
                    if response.status != HTTPStatus.TOO_MANY_REQUESTS:
                        raise DependencyError(f"the provider answers {response.status} to GET /v3/messages. {REMEDY}")
            except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
                raise DependencyError(f"the provider can't be asked: {type(exc).__name__}. {REMEDY}") from None
            await asyncio.sleep(PAUSE_S)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _moment(moment: datetime) -> str:
    return f'TIMESTAMP "{moment:%Y-%m-%dT%H:%M:%SZ}"'
