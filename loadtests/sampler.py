"""Looks at a campaign once a second: jobs by state, queues, breaker, what waits; a server that is away gives gaps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from system.settings import load_settings
from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.tasks.app import app as celery_app
from system.tasks.queues import QueueName, messages_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from system.storage.campaigns import Campaign

SENT: Final = ("accepted", "delivered", "bounced", "dropped")
BYTES_PER_MB: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One second of a campaign; None where a server did not answer."""

    at: float
    at_s: float
    jobs: Mapping[str, int]
    queues: Mapping[str, int]
    mails_per_s: float
    breaker: str
    inbox_waiting: int
    connections: int
    redis_mb: float | None

    @property
    def sent(self) -> int:
        """Jobs that the provider has accepted."""
        return sum(self.jobs.get(state, 0) for state in SENT)


@dataclass
class Sampler:
    """Takes one sample after the other; rates are since the sample before."""

    campaign: Campaign
    began_at: float = field(default_factory=time.time)
    _before: Sample | None = None

    def __post_init__(self) -> None:
        settings = load_settings()
        self._redis = settings.redis.connect(timeout_s=settings.socket_timeout_s)

    def take(self) -> Sample | None:
        """None while PostgreSQL is away: faults are part of a run, and must not end the recording."""
        try:
            jobs, inbox_waiting, connections = self._look_at_database()
        except DBAPIError:
            return None
        at = time.time()
        breaker, redis_mb = self._look_at_redis()
        sample = Sample(
            at=at,
            at_s=round(at - self.began_at, 3),
            jobs=jobs,
            queues=_queue_depths(),
            mails_per_s=0.0,
            breaker=breaker,
            inbox_waiting=inbox_waiting,
            connections=connections,
            redis_mb=redis_mb,
        )
        self._before, sample = sample, self._with_rate(sample)
        return sample

    def _with_rate(self, sample: Sample) -> Sample:
        if self._before is None:
            return sample
        elapsed_s = max(sample.at - self._before.at, 1e-3)
        rate = round((sample.sent - self._before.sent) / elapsed_s, 2)
        return Sample(**{**sample.__dict__, "mails_per_s": rate})

    def _look_at_database(self) -> tuple[dict[str, int], int, int]:
        with transaction(process_engine()) as connection:
            jobs = campaigns.jobs_by_state(connection, campaign_id=self.campaign.id)
            waiting = connection.execute(text("SELECT count(*) FROM webhook_inbox WHERE applied_at IS NULL"))
            sessions = connection.execute(
                text("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'client%'")
            )
            return dict(jobs), waiting.scalar_one(), sessions.scalar_one()

    def _look_at_redis(self) -> tuple[str, float | None]:
        try:
            is_open = self._redis.hexists(f"breaker:{{{self.campaign.sending_account}}}", "opened_at")
            used_bytes = self._redis.info("memory")["used_memory"]
        except (RedisError, OSError):
            return "unknown", None
        return "open" if is_open else "closed", round(used_bytes / BYTES_PER_MB, 2)


def _queue_depths() -> dict[str, int]:
    try:
        return {queue.value: messages_waiting(celery_app, queue) for queue in QueueName}
    except (OSError, OperationalError, RedisError):
        return {}
