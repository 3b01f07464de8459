"""Carries batches from the outbox to their webhooks, several at once, and brings failures back for later."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from fake_sendgrid.office import outbox
from fake_sendgrid.office.desk_thread import DeskThread
from fake_sendgrid.office.emitter import Emitter
from fake_sendgrid.office.poster import Poster
from fake_sendgrid.office.store import add_number
from fake_sendgrid.office.webhooks import Webhook

IDLE_S = 0.02
POSTS_IN_FLIGHT = 8


@dataclass(slots=True)
class Postman:
    """Retry waits are in simulated seconds, like everything that the clock scale moves."""

    thread: DeskThread
    emitter: Emitter
    poster: Poster
    retry_first_s: float
    retry_cap_s: float
    _busy: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Post what is due, for ever."""
        while True:
            if len(self._busy) < POSTS_IN_FLIGHT:
                for batch in await self.thread.run(self._take):
                    self._busy[batch.number] = asyncio.ensure_future(self._carry(batch))
            await self._wait_for_work()

    def _take(self) -> list[outbox.Batch]:
        free = POSTS_IN_FLIGHT - len(self._busy)
        return outbox.take_due(self.emitter.store, now_s=time.time(), limit=free, busy=set(self._busy))

    async def _wait_for_work(self) -> None:
        if len(self._busy) == POSTS_IN_FLIGHT:
            await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(IDLE_S)

    async def _carry(self, batch: outbox.Batch) -> None:
        try:
            webhook = self._find(batch.webhook_id)
            url = batch.url or (webhook["url"] if webhook and webhook["enabled"] else None)
            if url is None:
                await self.thread.run(lambda: outbox.remove(self.emitter.store, batch.number))
                return
            signed = webhook is not None and webhook["signed"]
            taken = await self.poster.post(url, batch.body, signed=signed, first_try=batch.tries == 0)
            await self.thread.run(lambda: self._settle(batch, taken=taken))
        finally:
            del self._busy[batch.number]

    def _find(self, identity: str) -> Webhook | None:
        return next((webhook for webhook in self.emitter.webhooks if webhook["id"] == identity), None)

    def _settle(self, batch: outbox.Batch, *, taken: bool) -> None:
        store, scale, now_s = self.emitter.store, self.emitter.clock_scale, time.time()
        if not taken:
            add_number(store, "posts_failed", 1)
        if taken or now_s - batch.made_at > outbox.RETRY_FOR_S / scale:
            outbox.remove(store, batch.number)
            return
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 - jitter, not secrecy
        wait_s = min(self.retry_cap_s, self.retry_first_s * 2 ** min(batch.tries, 20)) * jitter
        outbox.postpone(store, batch.number, until_s=now_s + wait_s / scale)
