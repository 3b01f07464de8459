"""Forgets old weeks: their campaigns' jobs, attempts, transitions and events, and the posts that these came from.

A campaign's row stays, with its counts; one that is open or has a job in work is never touched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import OperationalError

from system.errors import InputError
from system.storage import retention, shadows
from system.storage.database import transaction
from system.storage.partitions import drop_partitions

if TYPE_CHECKING:
    from sqlalchemy import Engine

LEAST_WEEKS: Final = 2
"""Events come for days after a mail, and a report of last week should find its rows."""
POSTS_AT_ONCE: Final = 5_000


@dataclass(kw_only=True)
class Forgotten:
    """What is gone, or would be."""

    campaigns: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    """Could not be locked beside running campaigns; the next run tries again."""
    posts: int = 0


def forget_old_weeks(engine: Engine, *, keep_weeks: int, dry_run: bool) -> Forgotten:
    """Remove what ended more than `keep_weeks` ago, one campaign a transaction; a dry run only says what it would."""
    if keep_weeks < LEAST_WEEKS:
        remedy = f"Keep {LEAST_WEEKS} or more: events still come for mails of last week"
        raise InputError(field="keep_weeks", value=keep_weeks, problem="is too few", remedy=remedy)
    with transaction(engine) as connection:
        old = retention.old_campaigns(connection, keep_weeks=keep_weeks)
        posts = retention.count_old_posts(connection, keep_weeks=keep_weeks)
    if dry_run:
        return Forgotten(campaigns=[name for _, name in old], posts=posts)
    done = Forgotten()
    for campaign_id, name in old:
        (done.campaigns if _drop(engine, campaign_id) else done.busy).append(name)
    while deleted := _delete_posts(engine, keep_weeks):
        done.posts += deleted
    return done


def _drop(engine: Engine, campaign_id: int) -> bool:
    try:
        with transaction(engine) as connection:
            dropped = drop_partitions(connection, campaign_id=campaign_id)
            if dropped:
                shadows.forget(connection, campaign_id=campaign_id)
            return dropped
    except OperationalError as exc:
        if getattr(exc.orig, "sqlstate", None) == "55P03":  # lock_not_available
            return False
        raise


def _delete_posts(engine: Engine, keep_weeks: int) -> int:
    with transaction(engine) as connection:
        return retention.delete_old_posts(connection, keep_weeks=keep_weeks, limit=POSTS_AT_ONCE)
