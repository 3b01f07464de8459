"""Tells the tracking workers about new inbox rows, soon and at best effort: the sweep finds what it loses."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import structlog

from system.metrics import NUDGES_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable

GATHER_S = 0.2
"""How long ids are gathered for one message: ten posts applied together cost half as much as three and three."""

PAUSE_AFTER_FAILURE_S = 1.0
LONGEST_MESSAGE = 200
LONGEST_BACKLOG = 10_000
"""Older ids are forgotten first, when the broker is away for long."""

log = structlog.get_logger()


class Nudge:
    """Gathers inbox ids and hands them to `enqueue` in a thread, so that no broker can delay an answer.

    `enqueue` returns how many messages the broker took.
    """

    def __init__(self, enqueue: Callable[[list[int]], int]) -> None:
        self._enqueue = enqueue
        self._waiting: deque[int] = deque(maxlen=LONGEST_BACKLOG)
        self._wake = asyncio.Event()

    def add(self, inbox_id: int) -> None:
        """Note a committed inbox row; returns at once."""
        self._waiting.append(inbox_id)
        self._wake.set()

    async def run(self) -> None:
        """Hand ids over until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            await self._hand_over()
            if not self._waiting:
                self._wake.clear()

    async def _hand_over(self) -> None:
        inbox_ids = [self._waiting.popleft() for _ in range(min(LONGEST_MESSAGE, len(self._waiting)))]
        if not await asyncio.to_thread(self._published, inbox_ids):
            NUDGES_FAILED.inc()
            await asyncio.sleep(PAUSE_AFTER_FAILURE_S)

    def _published(self, inbox_ids: list[int]) -> bool:
        try:
            return self._enqueue(inbox_ids) > 0
        except Exception as exc:  # noqa: BLE001  # whatever the broker's library raises, the sweep repairs
            log.warning("tracking.nudge_failed", posts=len(inbox_ids), error=f"{type(exc).__name__}: {exc}")
            return False
