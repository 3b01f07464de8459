"""The office's one database thread and the two loops that use it: emitting events and posting batches."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from fake_sendgrid.office import outbox
from fake_sendgrid.office.emitter import Emitter
from fake_sendgrid.office.intake import Intake
from fake_sendgrid.office.poster import Poster
from fake_sendgrid.office.store import add_number

T = TypeVar("T")
IDLE_S = 0.02
POSTS_IN_FLIGHT = 8


@dataclass(slots=True)
class Clerk:
    """Everything that touches the store runs on one thread, so it needs no locks."""

    intake: Intake
    emitter: Emitter
    poster: Poster
    webhook_url: str | None
    retry_first_s: float
    retry_cap_s: float
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="store"))
    _posting: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def on_store(self, work: Callable[[], T]) -> T:
        """Run `work` on the database thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def emit(self) -> None:
        """Follow the ledger and emit, for ever."""
        while True:
            if not await self.on_store(self._turn):
                await asyncio.sleep(IDLE_S)

    def _turn(self) -> bool:
        now_s = time.time()
        read = self.intake.read_chunk()
        planned = self.emitter.plan_due(now_s=now_s)
        emitted = self.emitter.emit_due(now_s=now_s) if self.webhook_url else 0
        return bool(read or planned or emitted)

    async def post(self) -> None:
        """Post what lies in the outbox, for ever."""
        while True:
            if self.webhook_url and len(self._posting) < POSTS_IN_FLIGHT:
                for batch in await self.on_store(self._take):
                    self._posting[batch.number] = asyncio.ensure_future(self._post_one(self.webhook_url, batch))
            await self._wait_for_work()

    def _take(self) -> list[outbox.Batch]:
        free = POSTS_IN_FLIGHT - len(self._posting)
        return outbox.take_due(self.emitter.store, now_s=time.time(), limit=free, busy=set(self._posting))

    async def _wait_for_work(self) -> None:
        if self._posting:
            await asyncio.wait(self._posting.values(), timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(IDLE_S)

    async def _post_one(self, url: str, batch: outbox.Batch) -> None:
        try:
            taken = await self.poster.post(url, batch.body)
            await self.on_store(lambda: self._settle(batch, taken=taken))
        finally:
            del self._posting[batch.number]

    def _settle(self, batch: outbox.Batch, *, taken: bool) -> None:
        store, scale, now_s = self.emitter.store, self.emitter.clock_scale, time.time()
        if not taken:
            add_number(store, "posts_failed", 1)
        if taken or now_s - batch.made_at > outbox.RETRY_FOR_S / scale:
            outbox.remove(store, batch.number)
            return
        wait_s = min(self.retry_cap_s, self.retry_first_s * 2**batch.tries) * random.uniform(0.9, 1.1)  # noqa: S311 - jitter
        outbox.postpone(store, batch.number, until_s=now_s + wait_s / scale)

    async def stop(self) -> None:
        """Let posts end, then close the store."""
        for task in tuple(self._posting.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._thread.shutdown()
        self.emitter.store.close()
