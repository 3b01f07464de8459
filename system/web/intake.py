"""Stores webhook posts; those that arrive during one commit share the next, so that load makes commits larger."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from system.errors import DependencyError
from system.storage.inbox import MOST_POSTS, add_posts
from system.web.database import DEADLINE_S

if TYPE_CHECKING:
    from system.web.database import WebDatabase

LARGEST_COMMIT_BYTES = 4 * 1_048_576


@dataclass(slots=True)
class _Waiting:
    digest: bytes
    body: bytes
    stored: asyncio.Future[int | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Intake:
    """One writer at a time, which starts when a post comes and ends when none is left."""

    def __init__(self, database: WebDatabase) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def store(self, *, digest: bytes, body: bytes) -> int | None:
        """The inbox id of a post after its commit, None for a replay; DependencyError after `DEADLINE_S`.

        A post that was given up may be committed all the same: the provider's next try is then a replay.
        """
        post = _Waiting(digest, body)
        self._waiting.append(post)
        if self._writer is None or self._writer.done():
            # It writes for many requests, and its lines belong to none of them.
            self._writer = asyncio.create_task(self._write(), context=contextvars.Context())
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await post.stored
        except TimeoutError as exc:
            raise DependencyError(f"PostgreSQL committed nothing within {DEADLINE_S:g} s") from exc

    async def _write(self) -> None:
        while posts := self._next():
            try:
                inbox_ids = await self._database.run(partial(add_posts, bodies={p.digest: p.body for p in posts}))
            except Exception as exc:  # noqa: BLE001  # every waiting request must hear of it, whatever it is
                for post in posts:
                    _settle(post, error=exc)
            else:
                for post in posts:
                    _settle(post, inbox_id=inbox_ids.pop(post.digest, None))

    def _next(self) -> list[_Waiting]:
        posts: list[_Waiting] = []
        room = LARGEST_COMMIT_BYTES
        while self._waiting and len(posts) < MOST_POSTS and (not posts or len(self._waiting[0].body) <= room):
            post = self._waiting.popleft()
            if not post.stored.done():
                posts.append(post)
                room -= len(post.body)
        return posts


def _settle(post: _Waiting, *, inbox_id: int | None = None, error: Exception | None = None) -> None:
    if post.stored.done():
        return  # its request has given up
    if error is None:
        post.stored.set_result(inbox_id)
    else:
        post.stored.set_exception(error)
