"""Applies stored webhook posts: each event once, whatever its order and number.

inbox post ──read──▶ events of our attempts ──insert once──▶ fold all events of each job ──▶ its state
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from system.failpoints import reach
from system.metrics import WEBHOOK_FRESHNESS_S
from system.states import EventKind
from system.storage import evidence
from system.storage.database import transaction
from system.storage.evidence import Event, Post
from system.tracing import link_mails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

MAX_TEXT_CHARS = 500
# What an event may keep beside our own ids: nothing here names a person.
_KEPT = ("reason", "status", "type", "response", "attempt", "url", "bounce_classification", "sg_machine_open")


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What became of the events of some posts."""

    posts: int
    events: int
    repeated: int
    foreign: int
    moved: int


def apply_posts(engine: Engine, *, inbox_ids: Sequence[int]) -> Applied:
    """Apply the named posts that nobody has applied yet, in one transaction."""
    with transaction(engine) as connection:
        posts = evidence.take_posts(connection, inbox_ids=inbox_ids)
        if not posts:
            return Applied(posts=0, events=0, repeated=0, foreign=0, moved=0)
        reach("before_apply")
        totals = {post.id: 0 for post in posts}
        events: list[Event] = []
        for post in posts:
            link_mails(post.body)
            total, ours = read_post(post)
            totals[post.id] = total
            events += ours
        known = evidence.known_attempts(connection, events=events)
        events = [event for event in events if (event.campaign_id, event.job_id, event.attempt_id) in known]
        fresh = evidence.add_events(connection, events=events)
        moved = _fold(connection, fresh)
        counts = _count(totals, events, fresh)
        evidence.close_posts(connection, counts=counts)
    _note_freshness(posts, applied_at=datetime.now(UTC))
    return Applied(
        posts=len(posts),
        events=len(fresh),
        repeated=sum(repeated for _, _, repeated, _ in counts),
        foreign=sum(foreign for _, _, _, foreign in counts),
        moved=moved,
    )


def _note_freshness(posts: Sequence[Post], *, applied_at: datetime) -> None:
    for post in posts:
        WEBHOOK_FRESHNESS_S.observe(max(0.0, (applied_at - post.received_at).total_seconds()))


def _fold(connection: Connection, fresh: Sequence[tuple[int, int, int]]) -> int:
    jobs: dict[int, set[int]] = defaultdict(set)
    for _, campaign_id, job_id in fresh:
        jobs[campaign_id].add(job_id)
    moved = 0
    for campaign_id in sorted(jobs):
        job_ids = sorted(jobs[campaign_id])
        evidence.lock_jobs(connection, campaign_id=campaign_id, job_ids=job_ids)
        moved += evidence.fold_evidence(connection, campaign_id=campaign_id, job_ids=job_ids)
        evidence.note_times(connection, campaign_id=campaign_id, job_ids=job_ids)
        evidence.suppress_recipients(connection, campaign_id=campaign_id, job_ids=job_ids)
    return moved


def _count(
    totals: dict[int, int], events: Sequence[Event], fresh: Sequence[tuple[int, int, int]]
) -> list[tuple[int, int, int, int]]:
    ours = Counter(event.inbox_id for event in events)
    applied = Counter(inbox_id for inbox_id, _, _ in fresh)
    return [
        (inbox_id, applied[inbox_id], ours[inbox_id] - applied[inbox_id], total - ours[inbox_id])
        for inbox_id, total in totals.items()
    ]


def read_post(post: Post) -> tuple[int, list[Event]]:
    """How many events a post holds, and those that carry our ids; a malformed event spoils no other."""
    try:
        items = _read_json(post.body)
    except (ValueError, RecursionError):
        return 1, []
    if not isinstance(items, list):
        return 1, []
    read = [_read_event(item, post) for item in items]
    return len(items), [event for event in read if event is not None]


def _read_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # Half of an emoji, cut off inside one event, is no JSON for the fast reader.
        return json.loads(body)


def _read_event(item: Any, post: Post) -> Event | None:
    try:
        kind = EventKind(item["event"])
        happened_at = datetime.fromtimestamp(int(item["timestamp"]), tz=UTC)
        message_id = _text(item.get("sg_message_id"))
        natural = (message_id, kind, item["timestamp"], item.get("url"), item.get("attempt"), item["attempt_id"])
        natural_key = hashlib.sha256(repr(natural).encode("utf-8", "replace")).hexdigest()
        return Event(
            campaign_id=_id(item["campaign_id"]),
            job_id=_id(item["job_id"]),
            attempt_id=uuid.UUID(item["attempt_id"]),
            kind=kind,
            sg_event_id=_text(item.get("sg_event_id")) or natural_key,
            natural_key=natural_key,
            happened_at=happened_at,
            inbox_id=post.id,
            received_at=post.received_at,
            sg_message_id=message_id,
            detail=orjson.dumps({key: _text(item[key]) for key in _KEPT if key in item}).decode(),
        )
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, OSError):
        return None


def _id(value: Any) -> int:
    number = int(value)
    if not 0 < number < 2**63:
        raise ValueError(number)
    return number


def _text(value: Any) -> str | None:
    """A value as bounded text that PostgreSQL can store, without addresses in it."""
    if value is None:
        return None
    words = str(value).replace("\x00", "").encode("utf-8", "replace").decode()[:MAX_TEXT_CHARS].split(" ")
    return " ".join("<address>" if "@" in word else word for word in words)
