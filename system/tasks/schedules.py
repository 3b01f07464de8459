"""Copies the newsletters' schedules from Postgres to RedBeat, at every start of a beat and from time to time.

RedBeat knows one time zone for all entries. So an entry fires at its cron's minutes of every hour, and the
newsletter's row decides, in its own time zone, whether its week has come (pipeline/dispatch.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from celery import signals
from celery.schedules import crontab
from redbeat.schedulers import RedBeatSchedulerEntry
from sqlalchemy.exc import DBAPIError

from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.tasks.app import app

if TYPE_CHECKING:
    from celery.beat import Service

    from system.storage.campaigns import Newsletter

log = structlog.get_logger(__name__)

TASK = "orchestrator.dispatch_weekly_emails"


@app.task(name="orchestrator.sync_schedules")
def sync_schedules() -> None:
    """Give every enabled newsletter its entry, and take away those of the others."""
    with transaction(process_engine()) as connection:
        newsletters = campaigns.newsletters(connection)
    for newsletter in newsletters:
        if newsletter.enabled:
            _entry(newsletter).save()
        else:
            _remove(newsletter)


@signals.beat_init.connect
def _restore_schedules(sender: Service, **_: Any) -> None:
    """Runs in the beat that has just got RedBeat's lock: whatever Redis has forgotten is written again.

    RedBeat's own handler is connected first (this module imports it) and returns once it holds the lock.
    """
    sender.scheduler.setup_schedule()
    try:
        sync_schedules()
    except DBAPIError as exc:
        # The sweep starts due campaigns too; a beat without newsletters is better than no beat.
        log.warning("schedules.not_synced", error=type(exc.orig).__name__)


def _entry(newsletter: Newsletter) -> RedBeatSchedulerEntry:
    minutes = newsletter.cron.split()[0]
    return RedBeatSchedulerEntry(
        name=newsletter.name,
        task=TASK,
        schedule=crontab(minute=minutes),
        args=[newsletter.name],
        options={"expires": 3600},
        app=app,
    )


def _remove(newsletter: Newsletter) -> None:
    try:
        key = RedBeatSchedulerEntry.generate_key(app, newsletter.name)
        RedBeatSchedulerEntry.from_key(key, app=app).delete()
    except KeyError:
        return
