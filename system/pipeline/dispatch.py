"""Makes a campaign: one row for the newsletter and week, then one job for every user, page by page.

users ──page of 5,000──▶ jobs (pending or skipped) ──commit──▶ batches, for the caller to enqueue
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronsim import CronSim

from system.errors import DependencyError, InputError
from system.failpoints import reach
from system.pipeline.epoch import REMEDY
from system.storage import campaigns, dispatching, epochs
from system.storage.database import transaction
from system.storage.leftovers import Batch
from system.storage.partitions import create_partitions
from system.week import parse_week_key, week_key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from system.storage.campaigns import Newsletter


@dataclass(frozen=True, kw_only=True)
class Started:
    """The campaign of a week, and whether this call made it."""

    campaign_id: int
    created: bool


def start_campaign(
    engine: Engine, *, newsletter: str, week_key: str, triggered_by: str, while_locked: bool = False
) -> Started:
    """Make sure that the newsletter's campaign of a week exists; any number of callers get the same one.

    DependencyError while sending is locked: the week's mails may have gone out before the database was restored.
    """
    parse_week_key(week_key)
    with transaction(engine) as connection:
        if not while_locked and (reason := epochs.lock_reason(connection)):
            raise DependencyError(f"Sending is locked: {reason}. {REMEDY}")
        found = campaigns.newsletter_named(connection, name=newsletter)
        if found is None:
            known = ", ".join(n.name for n in campaigns.newsletters(connection)) or "none yet"
            raise InputError(
                field="newsletter", value=newsletter, problem="does not exist", remedy=f"Known newsletters: {known}"
            )
        campaign_id = campaigns.add_campaign(
            connection, newsletter_id=found.id, week_key=week_key, triggered_by=triggered_by
        )
        if campaign_id is not None:
            create_partitions(connection, campaign_id=campaign_id)
            return Started(campaign_id=campaign_id, created=True)
        existing = campaigns.campaign_of_week(connection, newsletter_id=found.id, week_key=week_key)
        assert existing is not None
        return Started(campaign_id=existing.id, created=False)


def dispatch_pages(engine: Engine, *, campaign_id: int, page_users: int, batch_jobs: int) -> Iterator[list[Batch]]:
    """Write the jobs of all users who have none yet, and yield each page's batches after its commit.

    Resumable: the cursor is committed with the page. Two dispatchers at once share the pages.
    Ends early when the campaign is paused or cancelled.
    """
    with transaction(engine) as connection:
        campaign = campaigns.campaign_by_id(connection, campaign_id=campaign_id)
    if campaign is None:
        raise InputError(field="campaign", value=campaign_id, problem="does not exist", remedy="See `campaign status`")
    while True:
        with transaction(engine) as connection:
            span = campaigns.lock_dispatching(connection, campaign_id=campaign_id)
            if span is None:
                return
            page = dispatching.add_jobs(
                connection,
                campaign_id=campaign_id,
                audience=campaign.audience,
                after_user=span[0],
                last_user=span[1],
                limit=page_users,
            )
            if page.last_user_id is None:
                campaigns.finish_dispatch(connection, campaign_id=campaign_id)
                return
            campaigns.advance_dispatch(connection, campaign_id=campaign_id, cursor=page.last_user_id, jobs=page.jobs)
        reach("after_page")
        if page.jobs:
            yield _cut(campaign_id, page.first_job_id, page.last_job_id, batch_jobs)


def due_week(newsletter: Newsletter, *, now: datetime, grace_s: float) -> str | None:
    """The week whose mailing is due: the latest tick of the newsletter's cron in its own time zone.

    None when the newsletter is off, has not ticked since it was scheduled, or ticked too long ago to catch up.
    """
    if not newsletter.enabled:
        return None
    local_now = now.astimezone(ZoneInfo(newsletter.time_zone))
    # The search backwards excludes the moment it starts from.
    backwards = CronSim(newsletter.cron, local_now + timedelta(minutes=1), reverse=True)
    tick = next(tick for tick in backwards if tick <= local_now)
    if tick < newsletter.scheduled_since or now - tick > timedelta(seconds=grace_s):
        return None
    return week_key_of(tick, time_zone=newsletter.time_zone)


def _cut(campaign_id: int, first_id: int, last_id: int, batch_jobs: int) -> list[Batch]:
    return [
        Batch(campaign_id=campaign_id, first_id=first, last_id=min(first + batch_jobs - 1, last_id))
        for first in range(first_id, last_id + 1, batch_jobs)
    ]
