"""Finds what was left behind, at whatever step, and says which tasks would take it up again.

Postgres is the record: a flushed broker, a killed worker or a lost message only means that the sweep has work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfoNotFoundError

import structlog
from cronsim import CronSimError

from system.pipeline.dispatch import due_week
from system.pipeline.finish import finish_campaign
from system.storage import campaigns, dispatching, epochs, leftovers, outcomes
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from system.settings import Settings
    from system.storage.campaigns import Campaign
    from system.storage.leftovers import Batch

log = structlog.get_logger(__name__)

IDLE_S = 5.0
"""What has not moved for this long is nobody's."""
BATCHES_PER_SWEEP = 20
POSTS_PER_SWEEP = 500
EXCLUSIONS_PER_SWEEP = 20_000


@dataclass(kw_only=True)
class Chores:
    """What the caller should enqueue."""

    due_newsletters: list[tuple[str, str]] = field(default_factory=list)
    """(newsletter, week key) whose tick was missed or has just come."""
    dispatches: list[int] = field(default_factory=list)
    recommendations: list[Batch] = field(default_factory=list)
    sends: list[Batch] = field(default_factory=list)
    probes: list[Batch] = field(default_factory=list)
    posts: list[int] = field(default_factory=list)
    completed: list[int] = field(default_factory=list)
    locked: str | None = None
    """Why sending is locked: then there is nothing to do but to apply posts."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """Which queues have run dry: only those are fed, so that a busy queue does not fill with repetitions."""

    ml: bool
    emails: bool


def sweep(engine: Engine, *, settings: Settings, room: Room, breaker_is_open: Callable[[str], bool]) -> Chores:
    """One round over all open campaigns; safe to run at any time and any number of times."""
    chores = Chores()
    with transaction(engine) as connection:
        open_campaigns = campaigns.open_campaigns(connection)
        chores.posts = leftovers.waiting_posts(connection, idle_s=IDLE_S, limit=POSTS_PER_SWEEP)
        chores.locked = epochs.lock_reason(connection)
    if chores.locked:
        return chores
    for campaign in open_campaigns:
        _settle(engine, campaign, settings=settings)
        _look_for_work(engine, campaign, chores, settings=settings, room=room, breaker_is_open=breaker_is_open)
        if finish_campaign(engine, campaign_id=campaign.id):
            chores.completed.append(campaign.id)
    chores.due_newsletters = _due_newsletters(engine, settings=settings)
    return chores


def _settle(engine: Engine, campaign: Campaign, *, settings: Settings) -> None:
    """Move what only time can move: lapsed leases, passed deadlines, what a cancellation leaves."""
    with transaction(engine) as connection:
        outcomes.lapse_claims(connection, campaign_id=campaign.id)
        outcomes.lapse_sends(connection, campaign_id=campaign.id)
        outcomes.give_up_unknown(connection, campaign_id=campaign.id, deadline_s=settings.resolution_deadline_s)
        if campaign.state == "cancelled":
            dispatching.exclude_cancelled(connection, campaign_id=campaign.id, limit=EXCLUSIONS_PER_SWEEP)


def _look_for_work(
    engine: Engine,
    campaign: Campaign,
    chores: Chores,
    *,
    settings: Settings,
    room: Room,
    breaker_is_open: Callable[[str], bool],
) -> None:
    if campaign.state not in ("dispatching", "running"):
        return
    idle_since = datetime.now(UTC) - timedelta(seconds=IDLE_S)
    if campaign.state == "dispatching" and campaign.dispatch_touched_at < idle_since:
        chores.dispatches.append(campaign.id)
    with transaction(engine) as connection:
        if breaker_is_open(campaign.sending_account):
            chores.probes += leftovers.due_batches(
                connection, campaign_id=campaign.id, batch_jobs=settings.batch_jobs, batches=1
            )
        elif room.emails:
            chores.sends += leftovers.due_batches(
                connection, campaign_id=campaign.id, batch_jobs=settings.batch_jobs, batches=BATCHES_PER_SWEEP
            )
        if room.ml:
            chores.recommendations += leftovers.pending_batches(
                connection,
                campaign_id=campaign.id,
                idle_s=IDLE_S,
                batch_jobs=settings.batch_jobs,
                batches=BATCHES_PER_SWEEP,
            )


def _due_newsletters(engine: Engine, *, settings: Settings) -> list[tuple[str, str]]:
    now = datetime.now(UTC)
    due = []
    with transaction(engine) as connection:
        for newsletter in campaigns.newsletters(connection):
            try:
                week_key = due_week(newsletter, now=now, grace_s=settings.schedule_grace_s)
            except (CronSimError, ZoneInfoNotFoundError, ValueError) as exc:
                # Somebody's typing error must not keep everybody else's mails.
                log.error("newsletter.unschedulable", newsletter=newsletter.name, error=str(exc))  # noqa: TRY400  # says all
                continue
            if week_key and not campaigns.campaign_of_week(connection, newsletter_id=newsletter.id, week_key=week_key):
                due.append((newsletter.name, week_key))
    return due
