"""Where the readings come from: PostgreSQL, Redis and the broker, each asked for all it knows at once."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from redbeat.decoder import RedBeatJSONDecoder

from system import metrics
from system.mail import coordination
from system.mail.breaker import Breaker
from system.mail.rate_limit import RateLimit
from system.metrics import Sample
from system.storage import campaigns, epochs, readings
from system.storage.database import new_engine, transaction
from system.tasks.presence import workers_present
from system.tasks.queue_readings import queues_waiting
from system.web.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import redis
    from sqlalchemy import Connection, Engine, RowMapping

    from system.settings import Settings

PATIENCE_S: Final = 1.0
SWEEP_ENTRY: Final = "redbeat:sweep"


class Sources:
    """One process's connections to what is read; everything here blocks, and raises what its library raises."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Not the web's own pool: a slow scrape must take no connection from the webhook.
        self._engine: Engine = new_engine(
            settings.database_url.get_secret_value(), application="steadypost-metrics", pool_size=1
        )
        self._redis = coordination.connect(settings.redis_url.get_secret_value(), timeout_s=PATIENCE_S)
        self.tally = Tally(partial(_count, self._engine))
        self.due: list[int] = []
        """Campaigns whose jobs should be counted anew, as the last look at the database said."""

    @property
    def by_name(self) -> Mapping[str, Callable[[], list[Sample]]]:
        """What can be asked, each by itself: when one is away the others are shown."""
        return {"database": self.database, "redis": self.redis, "broker": self.broker}

    def database(self) -> list[Sample]:
        """Campaigns, newsletters and the webhook's backlog."""
        with transaction(self._engine) as connection:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {PATIENCE_S * 1000:.0f}")
            shown = readings.shown_campaigns(connection)
            samples = list(_of_database(connection))
        self.due = self.tally.due({row["id"] for row in shown if row["completed_s"] is None})
        return [*samples, *(sample for row in shown for sample in self._of_campaign(row))]

    def redis(self) -> list[Sample]:
        """Sending accounts, workers, beats, and Redis itself."""
        return [*_of_accounts(self._redis, self._settings), *_of_processes(self._redis), *_of_memory(self._redis)]

    def broker(self) -> list[Sample]:
        """The queues."""
        return list(_of_queues(self._settings.broker))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        self._redis.close()

    def _of_campaign(self, row: RowMapping) -> Iterator[Sample]:
        name = (row["campaign"],)
        yield Sample(metrics.CAMPAIGN_STARTED_S, float(row["started_s"]), name)
        yield Sample(metrics.CAMPAIGN_PAUSED, float(row["is_paused"]), name)
        if row["completed_s"] is not None:
            yield Sample(metrics.CAMPAIGN_COMPLETED_S, float(row["completed_s"]), name)
        if row["completed_s"] is None:
            yield Sample(metrics.UNKNOWN_OLDEST_S, float(row["unknown_age_s"] or 0.0), name)
        for state, jobs in (row["counts"] or self.tally.jobs_by_state(row["id"])).items():
            yield Sample(metrics.CAMPAIGN_JOBS, jobs, (*name, state))


def _count(engine: Engine, campaign_id: int) -> dict[str, int]:
    with transaction(engine) as connection:
        return campaigns.jobs_by_state(connection, campaign_id=campaign_id)


def _of_database(connection: Connection) -> Iterator[Sample]:
    for newsletter, started_s in readings.latest_campaigns(connection):
        yield Sample(metrics.NEWSLETTER_CAMPAIGN_S, started_s, (newsletter,))
    yield Sample(metrics.SENDING_LOCKED, float(epochs.lock_reason(connection) is not None))
    yield Sample(metrics.WEBHOOK_LAG_S, readings.webhook_lag_s(connection))
    yield Sample(metrics.DATABASE_BYTES, readings.database_bytes(connection))


def _of_accounts(connection: redis.Redis, settings: Settings) -> Iterator[Sample]:
    for name, account in settings.accounts.items():
        permits = RateLimit(connection, account=name, mails_per_s=account.mails_per_s)
        breaker = Breaker(connection, account=name, failures_to_open=settings.breaker_failures)
        yield Sample(metrics.PERMITS, permits.reserved(), (name,))
        yield Sample(metrics.HELD_S, permits.held_s(), (name,))
        yield Sample(metrics.BREAKER_OPEN, float(breaker.is_open()), (name,))
        if account.mails_per_s is not None:
            yield Sample(metrics.LIMIT, account.mails_per_s, (name,))


def _of_processes(connection: redis.Redis) -> Iterator[Sample]:
    for queue, workers in workers_present(connection, now_s=time.time()).items():
        yield Sample(metrics.WORKERS, workers, (str(queue),))
    meta: Any = connection.hget(SWEEP_ENTRY, "meta")
    ran_at = json.loads(meta, cls=RedBeatJSONDecoder)["last_run_at"] if meta else None
    if ran_at is not None:
        yield Sample(metrics.BEAT_RUN_S, ran_at.timestamp())


def _of_memory(connection: redis.Redis) -> Iterator[Sample]:
    memory: dict[str, Any] = connection.info("memory")
    saving: dict[str, Any] = connection.info("persistence")
    saves = saving.get("rdb_last_bgsave_status") == "ok" and saving.get("aof_last_write_status", "ok") == "ok"
    yield Sample(metrics.REDIS_USED_BYTES, memory["used_memory"])
    yield Sample(metrics.REDIS_LIMIT_BYTES, memory.get("maxmemory") or memory["total_system_memory"])
    yield Sample(metrics.REDIS_SAVES, float(saves))


def _of_queues(broker_url: str) -> Iterator[Sample]:
    for queue in queues_waiting(broker_url, timeout_s=PATIENCE_S, now_s=time.time()):
        yield Sample(metrics.QUEUE_MESSAGES, queue.messages, (queue.queue,))
        if queue.oldest_s is not None:
            yield Sample(metrics.QUEUE_OLDEST_S, queue.oldest_s, (queue.queue,))
