"""The numbers that the processes show to Prometheus, all in one place."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

WEBHOOK_POSTS = Counter(
    "steadypost_webhook_posts_total",
    "Webhook posts by what became of them",
    ["result"],
)
WEBHOOK_EVENTS = Counter(
    "steadypost_webhook_events_total",
    "Events in the posts that were stored, replays not counted",
)
WEBHOOK_RESPONSE_S = Histogram(
    "steadypost_webhook_response_seconds",
    "From the head of a webhook post to its answer, by what became of it",
    ["result"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0),
)
WEBHOOK_FRESHNESS_S = Histogram(
    "steadypost_webhook_freshness_seconds",
    "From the arrival of a webhook post to the commit that applied its events to jobs",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0),
)
# The next three are named by the objectives and their alert rules (slo_reports/slos, deploy/prometheus).
CAMPAIGN_JOBS = Gauge(
    "steadypost_campaign_jobs",
    "Jobs of a campaign by state",
    ["campaign", "state"],
)
CAMPAIGN_STARTED_S = Gauge(
    "steadypost_campaign_started_timestamp_seconds",
    "When a campaign was started, in Unix seconds",
    ["campaign"],
)
BREAKER_OPEN = Gauge(
    "steadypost_breaker_open",
    "1 while only probes go out through a sending account, else 0",
    ["account"],
)
UNSUBSCRIPTIONS = Counter(
    "steadypost_unsubscriptions_total",
    "Answers to posts of the unsubscribe page",
    ["result"],
)
NUDGES_FAILED = Counter(
    "steadypost_tracking_nudges_failed_total",
    "Times that the broker took no tracking task; the sweep finds those posts",
)
