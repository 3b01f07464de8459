"""Answers a scrape within seconds, whatever is away: a source that is silent is shown as down, the rest as it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from system.metrics import SOURCE_UP, Sample, families
from system.metrics_folder import exposition

if TYPE_CHECKING:
    from system.web.sources import Sources

DEADLINE_S: Final = 2.0
AWAY: Final = (RedisError, SQLAlchemyError, OSError)

log = structlog.get_logger()


class Scrape:
    """Asks every source in a thread of its own, and none anew whose last answer is still awaited."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._asked: dict[str, asyncio.Task[list[Sample]]] = {}
        self._counting: asyncio.Task[None] | None = None

    async def answer(self) -> bytes:
        """All metrics in Prometheus's text format."""
        found = await asyncio.gather(*(self._ask(name) for name in self._sources.by_name))
        self._count_what_is_due()
        return await asyncio.to_thread(exposition, list(families(sample for samples in found for sample in samples)))

    async def _ask(self, name: str) -> list[Sample]:
        task = self._asked.get(name)
        if task is None or task.done():
            task = self._asked[name] = asyncio.create_task(self._take(name))
        await asyncio.wait({task}, timeout=DEADLINE_S)
        samples = task.result() if task.done() else []
        return [*samples, Sample(SOURCE_UP, float(bool(samples)), (name,))]

    async def _take(self, name: str) -> list[Sample]:
        try:
            return await asyncio.to_thread(self._sources.by_name[name])
        except AWAY as exc:
            log.warning("metrics.source_away", source=name, error=type(exc).__name__)
            return []

    def _count_what_is_due(self) -> None:
        """In the background: a count reads a whole campaign, and this scrape shows the last one."""
        if self._sources.due and (self._counting is None or self._counting.done()):
            self._counting = asyncio.create_task(self._count(list(self._sources.due)))

    async def _count(self, campaign_ids: list[int]) -> None:
        for campaign_id in campaign_ids:
            try:
                await asyncio.to_thread(self._sources.tally.refresh, campaign_id)
            except AWAY as exc:
                log.warning("metrics.not_counted", campaign_id=campaign_id, error=type(exc).__name__)
