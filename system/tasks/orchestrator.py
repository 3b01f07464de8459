"""The `orchestrator` queue: campaigns are started and dispatched, and what was left behind is swept up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import redis
import structlog

from system.errors import DependencyError
from system.mail import coordination
from system.mail.breaker import Breaker
from system.mail.witnesses import Witnesses
from system.metrics import CHORES, SWEEPS
from system.pipeline.dispatch import dispatch_pages, due_week, start_campaign
from system.pipeline.epoch import why_locked
from system.pipeline.sweep import Room
from system.pipeline.sweep import sweep as find_chores
from system.settings import load_settings
from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.tasks.app import app, is_shutting_down
from system.tasks.email import probe, send_emails
from system.tasks.enqueue import enqueue, steps
from system.tasks.ml import compute_recommendations
from system.tasks.queues import QueueName, messages_waiting
from system.tasks.tracking import apply_events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from celery.canvas import Signature

    from system.pipeline.sweep import Chores
    from system.storage.leftovers import Batch

log = structlog.get_logger(__name__)

POSTS_PER_MESSAGE = 50


@app.task(name="orchestrator.dispatch_weekly_emails")
def dispatch_weekly_emails(newsletter: str) -> None:
    """Start the newsletter's campaign if its week has come; RedBeat calls this, every call but the first is idle."""
    settings = load_settings()
    with transaction(process_engine()) as connection:
        found = campaigns.newsletter_named(connection, name=newsletter)
    week_key = found and due_week(found, now=datetime.now(UTC), grace_s=settings.schedule_grace_s)
    if week_key:
        _start(newsletter, week_key, triggered_by="schedule")


@app.task(name="orchestrator.start_weekly_campaign")
def start_weekly_campaign(newsletter: str, week_key: str) -> None:
    """Start the campaign of a week now; a week that has one already is left alone."""
    _start(newsletter, week_key, triggered_by="request")


@app.task(name="orchestrator.dispatch_campaign")
def dispatch_campaign(campaign_id: int) -> None:
    """Write the jobs of a campaign and enqueue each page's batches once it is committed."""
    settings = load_settings()
    pages = dispatch_pages(
        process_engine(),
        campaign_id=campaign_id,
        page_users=settings.dispatch_page_users,
        batch_jobs=settings.batch_jobs,
    )
    for batches in pages:
        enqueue(_recommend_then_send(batch) for batch in batches)
        if is_shutting_down():
            break  # the cursor is committed; the sweep goes on from it
    log.info("campaign.dispatched", campaign_id=campaign_id)


@app.task(name="orchestrator.sweep")
def sweep() -> None:
    """Find what was left behind, and enqueue the same tasks again."""
    settings = load_settings()
    _look_for_a_restore()
    chores = find_chores(
        process_engine(),
        settings=settings,
        room=Room(
            ml=messages_waiting(app, QueueName.ML) == 0,
            emails=messages_waiting(app, QueueName.EMAILS) == 0,
        ),
        breaker_is_open=_breaker_is_open,
    )
    if chores.locked:
        log.warning("sending.is_locked", reason=chores.locked)
    for newsletter, week_key in chores.due_newsletters:
        _start(newsletter, week_key, triggered_by="sweep")
    enqueue(_messages(chores))
    for campaign_id in chores.completed:
        log.info("campaign.completed", campaign_id=campaign_id)
    _count(chores)


def _count(chores: Chores) -> None:
    SWEEPS.inc()
    for kind in ("dispatches", "recommendations", "sends", "probes", "posts"):
        CHORES.labels(kind).inc(len(getattr(chores, kind)))


def _messages(chores: Chores) -> Iterable[Signature]:
    # Probes first: they end an outage.
    yield from (probe.si(*_range(batch)).set(expires=5) for batch in chores.probes)
    yield from (dispatch_campaign.si(campaign_id) for campaign_id in chores.dispatches)
    yield from (send_emails.si(*_range(batch)) for batch in chores.sends)
    yield from (_recommend_then_send(batch) for batch in chores.recommendations)
    for start in range(0, len(chores.posts), POSTS_PER_MESSAGE):
        yield apply_events.si(chores.posts[start : start + POSTS_PER_MESSAGE])


def _start(newsletter: str, week_key: str, *, triggered_by: str) -> None:
    try:
        started = start_campaign(process_engine(), newsletter=newsletter, week_key=week_key, triggered_by=triggered_by)
    except DependencyError as exc:
        log.warning("campaign.not_started", newsletter=newsletter, week_key=week_key, error=str(exc))
        return
    if started.created:
        log.info("campaign.started", campaign_id=started.campaign_id, newsletter=newsletter, week_key=week_key)
        enqueue([dispatch_campaign.si(started.campaign_id)])
    else:
        log.debug("campaign.exists", campaign_id=started.campaign_id, newsletter=newsletter, week_key=week_key)


def _recommend_then_send(batch: Batch) -> Signature:
    return steps(compute_recommendations.si(*_range(batch)), send_emails.si(*_range(batch)))


def _range(batch: Batch) -> tuple[int, int, int]:
    return (batch.campaign_id, batch.first_id, batch.last_id)


def _look_for_a_restore() -> None:
    """Also while nothing is sent: the lock stays in the database when Redis forgets why."""
    with _redis() as connection:
        try:
            why_locked(process_engine(), Witnesses(connection))
        except redis.RedisError:
            return  # no witness can be noted either: nothing is sent, and the rest of the sweep goes on


def _redis() -> redis.Redis:
    settings = load_settings()
    return coordination.connect(settings.redis_url.get_secret_value(), timeout_s=settings.socket_timeout_s)


def _breaker_is_open(account: str) -> bool:
    settings = load_settings()
    with _redis() as connection:
        try:
            return Breaker(connection, account=account, failures_to_open=settings.breaker_failures).is_open()
        except redis.RedisError:
            return True  # no permits either: nothing is sent, and the rest of the sweep goes on
