"""Statements about newsletters and campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class Newsletter:
    """What dispatch and scheduling need to know of a newsletter."""

    id: int
    name: str
    subject: str
    template: str
    audience: str
    sending_account: str
    cron: str
    time_zone: str
    enabled: bool
    scheduled_since: datetime


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign with what its workers need of its newsletter."""

    id: int
    newsletter: str
    week_key: str
    state: str
    state_reason: str | None
    subject: str
    template: str
    audience: str
    sending_account: str
    dispatch_cursor: int
    dispatch_touched_at: datetime
    audience_end: int
    jobs_total: int
    created_at: datetime
    dispatched_at: datetime | None
    completed_at: datetime | None


_NEWSLETTER = """
    SELECT id, name, subject, template, audience, sending_account, cron, time_zone, enabled, scheduled_since
    FROM newsletters
"""

_CAMPAIGN = """
    SELECT c.id, n.name AS newsletter, c.week_key, c.state, c.state_reason, n.subject, n.template, n.audience,
           n.sending_account, c.dispatch_cursor, c.dispatch_touched_at, c.audience_end, c.jobs_total,
           c.created_at, c.dispatched_at, c.completed_at
    FROM campaigns c JOIN newsletters n ON n.id = c.newsletter_id
"""


def newsletter_named(connection: Connection, *, name: str) -> Newsletter | None:
    """A newsletter by its unique name."""
    row = connection.execute(text(_NEWSLETTER + "WHERE name = :name"), {"name": name}).mappings().one_or_none()
    return Newsletter(**row) if row else None


def newsletters(connection: Connection) -> list[Newsletter]:
    """All newsletters by name."""
    return [Newsletter(**row) for row in connection.execute(text(_NEWSLETTER + "ORDER BY name")).mappings()]


def add_campaign(connection: Connection, *, newsletter_id: int, week_key: str, triggered_by: str) -> int | None:
    """Create the campaign of a week, its audience frozen and its models pinned; None when the week has one already."""
    statement = text("""
        INSERT INTO campaigns (newsletter_id, week_key, triggered_by, audience_end,
                               model_version, challenger_version, challenger_share, shadow_version)
        SELECT id, :week_key, :triggered_by, (SELECT coalesce(max(id), 0) FROM users),
               (SELECT version FROM model_activations ORDER BY id DESC LIMIT 1),
               challenger_version, challenger_share, shadow_version
        FROM newsletters WHERE id = :newsletter_id
        ON CONFLICT (newsletter_id, week_key) DO NOTHING
        RETURNING id
    """)
    values = {"newsletter_id": newsletter_id, "week_key": week_key, "triggered_by": triggered_by}
    return connection.execute(statement, values).scalar_one_or_none()


def campaign_by_id(connection: Connection, *, campaign_id: int) -> Campaign | None:
    """A campaign with its newsletter."""
    row = connection.execute(text(_CAMPAIGN + "WHERE c.id = :id"), {"id": campaign_id}).mappings().one_or_none()
    return Campaign(**row) if row else None


def campaign_of_week(connection: Connection, *, newsletter_id: int, week_key: str) -> Campaign | None:
    """The one campaign of a newsletter in a week."""
    statement = text(_CAMPAIGN + "WHERE c.newsletter_id = :newsletter_id AND c.week_key = :week_key")
    row = connection.execute(statement, {"newsletter_id": newsletter_id, "week_key": week_key}).mappings().one_or_none()
    return Campaign(**row) if row else None


def latest_campaign(connection: Connection) -> Campaign | None:
    """The campaign that was created last."""
    row = connection.execute(text(_CAMPAIGN + "ORDER BY c.id DESC LIMIT 1")).mappings().one_or_none()
    return Campaign(**row) if row else None


def open_campaigns(connection: Connection) -> list[Campaign]:
    """Campaigns that still have something to do, oldest first (index ix_campaigns_open)."""
    statement = text(_CAMPAIGN + "WHERE c.completed_at IS NULL ORDER BY c.id")
    return [Campaign(**row) for row in connection.execute(statement).mappings()]


def lock_dispatching(connection: Connection, *, campaign_id: int) -> tuple[int, int] | None:
    """Cursor and end of a campaign that still dispatches, its row locked against a second dispatcher."""
    statement = text("""
        SELECT dispatch_cursor, audience_end FROM campaigns
        WHERE id = :campaign_id AND state = 'dispatching'
        FOR UPDATE
    """)
    row = connection.execute(statement, {"campaign_id": campaign_id}).one_or_none()
    return (row[0], row[1]) if row else None


def advance_dispatch(connection: Connection, *, campaign_id: int, cursor: int, jobs: int) -> None:
    """Remember how far dispatch has come, in the transaction that wrote the page."""
    statement = text("""
        UPDATE campaigns SET dispatch_cursor = :cursor, jobs_total = jobs_total + :jobs,
                             dispatch_touched_at = clock_timestamp()
        WHERE id = :campaign_id
    """)
    connection.execute(statement, {"campaign_id": campaign_id, "cursor": cursor, "jobs": jobs})


def finish_dispatch(connection: Connection, *, campaign_id: int) -> None:
    """Every user of the audience has a job now."""
    statement = text("""
        UPDATE campaigns SET state = 'running', dispatched_at = clock_timestamp()
        WHERE id = :campaign_id AND state = 'dispatching'
    """)
    connection.execute(statement, {"campaign_id": campaign_id})


def pause_campaign(connection: Connection, *, campaign_id: int, reason: str) -> bool:
    """Stop claiming; what is in flight finishes. False when the campaign was not running."""
    statement = text("""
        UPDATE campaigns SET state = 'paused', state_reason = :reason
        WHERE id = :campaign_id AND state IN ('dispatching', 'running')
    """)
    return connection.execute(statement, {"campaign_id": campaign_id, "reason": reason}).rowcount == 1


def resume_campaign(connection: Connection, *, campaign_id: int) -> bool:
    """Go on where the campaign was paused; False when it was not paused."""
    statement = text("""
        UPDATE campaigns
        SET state = CASE WHEN dispatched_at IS NULL THEN 'dispatching' ELSE 'running' END,
            state_reason = NULL, rejection_streak = 0, rejection_reason = NULL
        WHERE id = :campaign_id AND state = 'paused'
    """)
    return connection.execute(statement, {"campaign_id": campaign_id}).rowcount == 1


def cancel_campaign(connection: Connection, *, campaign_id: int, reason: str) -> bool:
    """End the campaign for good; the sweep skips what was not claimed. False when it had already ended."""
    statement = text("""
        UPDATE campaigns SET state = 'cancelled', state_reason = :reason
        WHERE id = :campaign_id AND state IN ('dispatching', 'running', 'paused')
    """)
    return connection.execute(statement, {"campaign_id": campaign_id, "reason": reason}).rowcount == 1


def count_rejections(connection: Connection, *, campaign_id: int, reason: str, rejected: int, pause_at: int) -> bool:
    """Lengthen the run of identical rejections; True when that paused the campaign."""
    statement = text("""
        UPDATE campaigns SET
            rejection_streak = run.length,
            rejection_reason = :reason,
            state = CASE WHEN run.length >= :pause_at AND state <> 'paused' THEN 'paused' ELSE state END,
            state_reason = CASE WHEN run.length >= :pause_at AND state <> 'paused'
                THEN format('the provider rejected %s mails in a row: %s', run.length, :reason) ELSE state_reason END
        FROM (SELECT :rejected + CASE WHEN rejection_reason = :reason THEN rejection_streak ELSE 0 END AS length
              FROM campaigns WHERE id = :campaign_id FOR UPDATE) AS run
        WHERE id = :campaign_id AND state IN ('dispatching', 'running', 'paused')
        RETURNING state = 'paused'
    """)
    values = {"campaign_id": campaign_id, "reason": reason, "rejected": rejected, "pause_at": pause_at}
    return bool(connection.execute(statement, values).scalar_one_or_none())


def end_rejections(connection: Connection, *, campaign_id: int) -> None:
    """An accepted mail ends the run of rejections."""
    statement = text("UPDATE campaigns SET rejection_streak = 0 WHERE id = :campaign_id AND rejection_streak > 0")
    connection.execute(statement, {"campaign_id": campaign_id})


def jobs_by_state(connection: Connection, *, campaign_id: int) -> dict[str, int]:
    """How many jobs stand where."""
    statement = text("SELECT status, count(*) FROM email_jobs WHERE campaign_id = :campaign_id GROUP BY status")
    return dict(connection.execute(statement, {"campaign_id": campaign_id}).tuples().all())


def complete_campaign(connection: Connection, *, campaign_id: int) -> bool:
    """Close a campaign none of whose jobs is in work; idempotent, False when it is not time yet."""
    statement = text("""
        UPDATE campaigns SET
            state = CASE state WHEN 'running' THEN 'completed' ELSE state END, completed_at = clock_timestamp(),
            counts = (SELECT coalesce(jsonb_object_agg(status, n), '{}') FROM
                      (SELECT status, count(*) AS n FROM email_jobs WHERE campaign_id = :campaign_id GROUP BY status)
                      AS tally)
        WHERE id = :campaign_id AND state IN ('running', 'cancelled') AND completed_at IS NULL AND NOT EXISTS (
            SELECT FROM email_jobs WHERE campaign_id = :campaign_id
            AND status IN ('pending', 'ready', 'claimed', 'sending', 'unknown'))
    """)
    return connection.execute(statement, {"campaign_id": campaign_id}).rowcount == 1


def stamp_recipients(connection: Connection, *, campaign_id: int) -> int:
    """Note on each user when the provider accepted their recommendations."""
    connection.execute(text("SET LOCAL statement_timeout = '15min'"))  # a million users take longer than most
    statement = text("""
        UPDATE users u SET last_recos_sent = j.accepted_at
        FROM email_jobs j
        WHERE j.campaign_id = :campaign_id AND u.id = j.user_id AND j.accepted_at IS NOT NULL
          AND u.last_recos_sent IS DISTINCT FROM j.accepted_at
    """)
    return connection.execute(statement, {"campaign_id": campaign_id}).rowcount


def job_history(connection: Connection, *, campaign_id: int, job_id: int) -> list[dict[str, Any]]:
    """What happened to one job, in order."""
    statement = text("""
        SELECT at, happening, from_status, to_status, attempt_id, reason FROM job_transitions
        WHERE campaign_id = :campaign_id AND job_id = :job_id ORDER BY id
    """)
    values = {"campaign_id": campaign_id, "job_id": job_id}
    return [dict(row) for row in connection.execute(statement, values).mappings()]
