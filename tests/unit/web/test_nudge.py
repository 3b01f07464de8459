"""How inbox ids reach the broker, and what a broker that is away costs."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from system.web.nudge import LONGEST_BACKLOG, LONGEST_MESSAGE, Nudge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.unit

DEADLINE_S = 10.0


class Broker:
    """Passes each message on to the test, and answers as told; then it takes every message."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)
        self._loop = asyncio.get_running_loop()
        self._messages: asyncio.Queue[list[int]] = asyncio.Queue()

    def __call__(self, inbox_ids: list[int]) -> int:
        self._loop.call_soon_threadsafe(self._messages.put_nowait, inbox_ids)
        answer = self._answers.pop(0) if self._answers else 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def message(self) -> list[int]:
        """The next message."""
        async with asyncio.timeout(DEADLINE_S):
            return await self._messages.get()


@asynccontextmanager
async def running(nudge: Nudge) -> AsyncIterator[None]:
    task = asyncio.create_task(nudge.run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def failures() -> float:
    return REGISTRY.get_sample_value("steadypost_tracking_nudges_failed_total") or 0.0


async def messages_of(*inbox_ids: int, count: int) -> list[list[int]]:
    broker = Broker()
    nudge = Nudge(broker)
    for inbox_id in inbox_ids:
        nudge.add(inbox_id)
    async with running(nudge):
        return [await broker.message() for _ in range(count)]


def test_ids_that_come_together_go_in_one_message() -> None:
    assert asyncio.run(messages_of(1, 2, 3, count=1)) == [[1, 2, 3]]


def test_many_ids_are_split() -> None:
    messages = asyncio.run(messages_of(*range(LONGEST_MESSAGE + 1), count=2))

    assert [len(message) for message in messages] == [LONGEST_MESSAGE, 1]


def test_a_long_outage_keeps_the_newest_ids_only() -> None:
    (first,) = asyncio.run(messages_of(*range(LONGEST_BACKLOG + 5), count=1))

    assert first[0] == 5


@pytest.mark.parametrize("fault", [0, ConnectionRefusedError()])
def test_a_broker_that_fails_once_is_counted_and_used_again(fault: int | Exception) -> None:
    async def scenario() -> None:
        broker = Broker(fault)
        nudge = Nudge(broker)
        async with running(nudge):
            nudge.add(1)
            assert await broker.message() == [1]
            nudge.add(2)
            assert await broker.message() == [2]

    before = failures()
    asyncio.run(scenario())
    assert failures() - before == 1


def test_a_broker_that_hangs_delays_nobody() -> None:
    async def scenario() -> None:
        asked, released = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def hang(_inbox_ids: list[int]) -> int:
            loop.call_soon_threadsafe(asked.set)
            return int(released.wait(timeout=DEADLINE_S))

        nudge = Nudge(hang)
        async with running(nudge), asyncio.timeout(DEADLINE_S / 2):
            nudge.add(1)
            await asked.wait()
            nudge.add(2)
            await asyncio.sleep(0)  # the loop still turns
            assert not released.is_set()
            released.set()

    asyncio.run(scenario())
