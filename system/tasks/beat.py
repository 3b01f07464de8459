"""RedBeat's scheduler, which here notices that Redis has lost its entries while the lock was left."""

from __future__ import annotations

from typing import Any

import structlog
from redbeat.schedulers import RedBeatScheduler, get_redis

log = structlog.get_logger(__name__)


class SelfHealingScheduler(RedBeatScheduler):  # type: ignore[misc]  # it has no types
    """Writes the static entries again as soon as one is missing: without the sweep nothing would ever be taken up.

    An eviction policy, or an append-only file that was cut off, takes keys one by one. Newsletters come back with the
    next run of `sync-schedules`, and their campaigns with the sweep before that.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:  # noqa: D102  # RedBeat's
        if missing := self._missing():
            log.warning("beat.entries_lost", entries=missing)
            self.setup_schedule()
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def _missing(self) -> list[str]:
        """Static entries that are not due at any time, or of which nobody knows what they are."""
        names = sorted(self.app.redbeat_conf.schedule)
        keys = [self.Entry.generate_key(self.app, name) for name in names]
        with get_redis(self.app).pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.zscore(self.app.redbeat_conf.schedule_key, key)
                pipe.exists(key)
            answers = pipe.execute()
        return [
            name
            for name, due_at, known in zip(names, answers[::2], answers[1::2], strict=True)
            if due_at is None or not known
        ]
