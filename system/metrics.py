"""The numbers that the system shows to Prometheus, all in one place (docs/metrics.md is written from it).

What PostgreSQL and Redis know is a `Reading`: taken at the scrape, so that a dead worker leaves nothing behind.
What only the processes know is a counter or a histogram, kept in files (system/metrics_folder.py).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

if folder := os.environ.get(FOLDER_VARIABLE):
    Path(folder).mkdir(parents=True, exist_ok=True)  # the library opens its files there with the first metric
disable_created_metrics()


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that is looked up when somebody asks; one that ends in `_total` only grows."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a reading; its labels in the reading's order."""

    reading: Reading
    value: float
    labels: tuple[str, ...] = ()


def families(samples: Iterable[Sample]) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    """The samples as the client library writes them, one family a reading."""
    made: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
    for sample in samples:
        reading = sample.reading
        if reading.name not in made:
            kind = CounterMetricFamily if reading.name.endswith("_total") else GaugeMetricFamily
            made[reading.name] = kind(reading.name, reading.help, labels=reading.labels)
        made[reading.name].add_metric(sample.labels, sample.value)
    yield from made.values()


# --- The campaign, read from PostgreSQL.
CAMPAIGN_JOBS: Final = Reading(
    "steadypost_campaign_jobs", "Jobs of a campaign by state, counted every 10 s or less often", ("campaign", "state")
)
CAMPAIGN_STARTED_S: Final = Reading(
    "steadypost_campaign_started_timestamp_seconds", "When a campaign was started, in Unix seconds", ("campaign",)
)
CAMPAIGN_COMPLETED_S: Final = Reading(
    "steadypost_campaign_completed_timestamp_seconds", "When a campaign was completed, in Unix seconds", ("campaign",)
)
CAMPAIGN_PAUSED: Final = Reading(
    "steadypost_campaign_paused", "1 while a campaign waits for somebody to resume it, else 0", ("campaign",)
)
UNKNOWN_OLDEST_S: Final = Reading(
    "steadypost_unknown_oldest_seconds", "For how long the oldest unknown job has waited for evidence", ("campaign",)
)
NEWSLETTER_CAMPAIGN_S: Final = Reading(
    "steadypost_newsletter_last_campaign_timestamp_seconds",
    "When an enabled newsletter's latest campaign was started, or it was scheduled, in Unix seconds",
    ("newsletter",),
)
SENDING_LOCKED: Final = Reading(
    "steadypost_sending_locked", "1 while the database was restored and not reconciled, and nothing is sent, else 0"
)

# --- The sending accounts, read from Redis and the settings.
PERMITS: Final = Reading(
    "steadypost_permits_reserved_total", "Mails that were allowed to start; Redis counts them", ("account",)
)
LIMIT: Final = Reading(
    "steadypost_account_limit_mails_per_second", "The provider's limit; absent for an account without", ("account",)
)
HELD_S: Final = Reading(
    "steadypost_permits_held_seconds", "For how long nothing may start, because the provider asked", ("account",)
)
BREAKER_OPEN: Final = Reading(
    "steadypost_breaker_open", "1 while only probes go out through a sending account, else 0", ("account",)
)

# --- The platform, read from Redis, the broker and PostgreSQL.
QUEUE_MESSAGES: Final = Reading("steadypost_queue_messages", "Messages that no worker has taken yet", ("queue",))
QUEUE_OLDEST_S: Final = Reading(
    "steadypost_queue_oldest_message_seconds", "Age of the message that is next; Redis as broker only", ("queue",)
)
WORKERS: Final = Reading("steadypost_workers", "Workers of a queue that gave a sign of life within 20 s", ("queue",))
BEAT_RUN_S: Final = Reading(
    "steadypost_beat_last_sweep_timestamp_seconds", "When a beat last sent the sweep, in Unix seconds"
)
WEBHOOK_LAG_S: Final = Reading(
    "steadypost_webhook_lag_seconds", "Age of the oldest stored post that nobody has applied; 0 without one"
)
SOURCE_UP: Final = Reading(
    "steadypost_source_up", "1 when what the readings are taken from answered this scrape, else 0", ("source",)
)
REDIS_USED_BYTES: Final = Reading("steadypost_redis_memory_used_bytes", "Memory that Redis uses")
REDIS_LIMIT_BYTES: Final = Reading(
    "steadypost_redis_memory_limit_bytes", "Redis's maxmemory, or its machine's memory when it has none"
)
REDIS_SAVES: Final = Reading(
    "steadypost_redis_persistence_up", "1 when Redis could last write its data to disk, else 0"
)
DATABASE_BYTES: Final = Reading("steadypost_database_size_bytes", "What the database takes on disk")

READINGS: Final = tuple(value for value in list(vars().values()) if isinstance(value, Reading))

# --- Sending, counted by the workers of `emails`.
SEND_ATTEMPTS: Final = Counter(
    "steadypost_send_attempts_total",
    "Attempts by outcome: accepted, refused, rejected, ambiguous or released",
    ["account", "outcome"],
)
ANSWERS_LOST: Final = Counter(
    "steadypost_answers_lost_total", "Answers that no database took in time; webhook evidence settles their jobs"
)
PERMIT_WAIT_S: Final = Histogram(
    "steadypost_permit_wait_seconds",
    "From asking for a group's permits to the start of its first mail",
    ["account"],
    buckets=(0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
)
BATCH_S: Final = Histogram(
    "steadypost_batch_duration_seconds",
    "How long one message's work took, by step",
    ["step"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0),
)
PRODUCTS_GONE: Final = Counter(
    "steadypost_products_gone_total", "Recommended products that were no longer there when their mail was written"
)

# --- Counted by the workers of `orchestrator`.
SWEEPS: Final = Counter("steadypost_sweeps_total", "Sweeps that came to their end")
CHORES: Final = Counter("steadypost_chores_total", "What the sweep found left behind, by kind", ["kind"])

# --- Counted by the workers of `ml`.
RECOMMENDATIONS: Final = Counter(
    "steadypost_recommendations_total", "People that products were chosen for, by where these came from", ["source"]
)
MODEL_JOBS: Final = Counter("steadypost_model_jobs_total", "Jobs that a model's version answered for", ["version"])
MODEL_LOADS: Final = Counter(
    "steadypost_model_loads_total", "Model files that a worker read: loaded or failed", ["version", "result"]
)
MODEL_PROVIDER: Final = Gauge(
    "steadypost_model_provider",
    "Processes that run a model, by ONNX Runtime's provider: CPUExecutionProvider or CUDAExecutionProvider",
    ["provider"],
    multiprocess_mode="livesum",
)
MODEL_STAND_INS: Final = Counter(
    "steadypost_model_stand_ins_total",
    "Batches of a version without a file that another answered for",
    ["version"],
)
SHADOW_BATCHES: Final = Counter(
    "steadypost_shadow_batches_total", "Batches that a shadow scored beside: compared or failed", ["version", "result"]
)

# --- The web process.
WEBHOOK_POSTS: Final = Counter("steadypost_webhook_posts_total", "Webhook posts by what became of them", ["result"])
WEBHOOK_EVENTS: Final = Counter(
    "steadypost_webhook_events_total", "Events in the posts that were stored, replays not counted"
)
WEBHOOK_RESPONSE_S: Final = Histogram(
    "steadypost_webhook_response_seconds",
    "From the head of a webhook post to its answer, by what became of it",
    ["result"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0),
)
UNSUBSCRIPTIONS: Final = Counter(
    "steadypost_unsubscriptions_total", "Answers to posts of the unsubscribe page", ["result"]
)
NUDGES_FAILED: Final = Counter(
    "steadypost_tracking_nudges_failed_total",
    "Times that the broker took no tracking task; the sweep finds those posts",
)

# --- Counted by the workers of `tracking`.
WEBHOOK_FRESHNESS_S: Final = Histogram(
    "steadypost_webhook_freshness_seconds",
    "From the arrival of a webhook post to the commit that applied its events to jobs",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0),
)
EVENTS_APPLIED: Final = Counter(
    "steadypost_events_applied_total", "Webhook events by what became of them: fresh, repeated or foreign", ["result"]
)

COUNTED: Final = tuple(value for value in list(vars().values()) if isinstance(value, Counter | Gauge | Histogram))


def series() -> set[str]:
    """The name of every series that a scrape may show."""
    endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
    described = [family for metric in COUNTED for family in metric.describe()]
    return {reading.name for reading in READINGS} | {
        family.name + ending for family in described for ending in endings[family.type]
    }
