"""How posts share commits, and what each of their requests hears."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from system.errors import DependencyError
from system.storage.inbox import MOST_POSTS
from system.web.intake import LARGEST_COMMIT_BYTES, Intake

if TYPE_CHECKING:
    from functools import partial

pytestmark = pytest.mark.unit

DEADLINE_S = 10.0


class Database:
    """Stands for PostgreSQL: holds commits back while its gate is shut, and can fail once."""

    def __init__(self) -> None:
        self.commits: list[list[bytes]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self._stored: dict[bytes, int] = {}

    async def run(self, statement: partial[dict[bytes, int]]) -> dict[bytes, int]:
        digests = list(statement.keywords["bodies"])
        self.commits.append(digests)
        await self.gate.wait()
        if self.error:
            error, self.error = self.error, None
            raise error
        new = [digest for digest in digests if digest not in self._stored]
        ids = {digest: len(self._stored) + number for number, digest in enumerate(new, start=1)}
        self._stored |= ids
        return ids


async def store(*posts: tuple[bytes, bytes], database: Database) -> list[int | DependencyError | None]:
    """What each request hears when the first post is being committed while all others arrive."""
    intake = Intake(cast("Any", database))
    database.gate.clear()
    requests = [asyncio.create_task(intake.store(digest=digest, body=body)) for digest, body in posts[:1]]
    async with asyncio.timeout(DEADLINE_S):
        while not database.commits:  # noqa: ASYNC110  # one turn of the loop is enough
            await asyncio.sleep(0)
        requests += [asyncio.create_task(intake.store(digest=digest, body=body)) for digest, body in posts[1:]]
        await asyncio.sleep(0)
        database.gate.set()
        return cast("list[int | DependencyError | None]", await asyncio.gather(*requests, return_exceptions=True))


def heard_and_committed(
    *posts: tuple[bytes, bytes], error: Exception | None = None
) -> tuple[list[int | DependencyError | None], list[list[bytes]]]:
    async def scenario() -> tuple[list[int | DependencyError | None], list[list[bytes]]]:
        database = Database()
        database.error = error
        return await store(*posts, database=database), database.commits

    return asyncio.run(scenario())


def test_a_lone_post_is_committed_at_once() -> None:
    assert heard_and_committed((b"a", b"1")) == ([1], [[b"a"]])


def test_posts_that_arrive_during_a_commit_share_the_next() -> None:
    heard, commits = heard_and_committed((b"a", b"1"), (b"b", b"2"), (b"c", b"3"))

    assert heard == [1, 2, 3]
    assert commits == [[b"a"], [b"b", b"c"]]


def test_a_replay_within_a_commit_or_after_it_is_none() -> None:
    heard, _ = heard_and_committed((b"a", b"1"), (b"b", b"2"), (b"b", b"2"), (b"a", b"1"))

    assert heard == [1, 2, None, None]


def test_a_commit_that_fails_fails_its_own_posts_only() -> None:
    heard, _ = heard_and_committed((b"a", b"1"), (b"b", b"2"), error=DependencyError("down"))

    assert isinstance(heard[0], DependencyError)
    assert heard[1] == 1


def test_a_commit_carries_a_limited_number_of_posts() -> None:
    posts = [(str(number).encode(), b"x") for number in range(MOST_POSTS + 2)]

    assert [len(commit) for commit in heard_and_committed(*posts)[1]] == [1, MOST_POSTS, 1]


def test_a_commit_carries_a_limited_number_of_bytes() -> None:
    half = b"x" * (LARGEST_COMMIT_BYTES // 2)
    _, commits = heard_and_committed((b"a", b"1"), (b"b", half), (b"c", half), (b"d", half))

    assert commits == [[b"a"], [b"b", b"c"], [b"d"]]


def test_a_post_larger_than_a_commit_is_committed_alone() -> None:
    _, commits = heard_and_committed((b"a", b"1"), (b"b", b"x" * (LARGEST_COMMIT_BYTES + 1)), (b"c", b"3"))

    assert commits == [[b"a"], [b"b"], [b"c"]]


def test_a_request_that_went_away_is_not_committed_later() -> None:
    async def scenario() -> list[list[bytes]]:
        database = Database()
        database.gate.clear()
        intake = Intake(cast("Any", database))
        first = asyncio.create_task(intake.store(digest=b"a", body=b"1"))
        await asyncio.sleep(0)
        gone = asyncio.create_task(intake.store(digest=b"b", body=b"2"))
        await asyncio.sleep(0)
        gone.cancel()
        database.gate.set()
        await asyncio.gather(first, gone, return_exceptions=True)
        return database.commits

    assert asyncio.run(scenario()) == [[b"a"]]
