"""The numbers that the processes show to Prometheus, all in one place."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

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
    "From the head of a webhook post to its answer",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0),
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
