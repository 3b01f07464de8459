"""The `tracking` queue: stored webhook posts are applied to jobs."""

from __future__ import annotations

import structlog

from system.failpoints import reach
from system.metrics import BATCH_S, EVENTS_APPLIED
from system.pipeline.track import apply_posts
from system.storage.database import process_engine
from system.tasks.app import app
from system.tasks.enqueue import enqueue

log = structlog.get_logger(__name__)


@app.task(name="tracking.apply_events")
def apply_events(inbox_ids: list[int]) -> None:
    """Apply posts that nobody has applied yet."""
    with BATCH_S.labels("track").time():
        applied = apply_posts(process_engine(), inbox_ids=inbox_ids)
    reach("after_apply")
    for result, events in (("fresh", applied.events), ("repeated", applied.repeated), ("foreign", applied.foreign)):
        EVENTS_APPLIED.labels(result).inc(events)
    log.info(
        "events.applied",
        posts=applied.posts,
        events=applied.events,
        repeated=applied.repeated,
        foreign=applied.foreign,
        moved=applied.moved,
    )


def enqueue_apply(inbox_ids: list[int]) -> int:
    """Tell the workers of posts that were just committed; best effort, the sweep finds the rest."""
    return enqueue([apply_events.si(inbox_ids)])
