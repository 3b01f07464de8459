"""Statements behind the metrics: what one scrape may ask the database, each answered from a few rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, RowMapping


def shown_campaigns(connection: Connection) -> Sequence[RowMapping]:
    """Campaigns that are open, or ended within a day: name, times, and the counts of those that have ended.

    `unknown_age_s` comes from one end of an index (ix_email_jobs_in_work), the rest from one row a campaign.
    """
    statement = text("""
        SELECT c.id, n.name || ' ' || c.week_key AS campaign, c.state = 'paused' AS is_paused,
               extract(epoch FROM c.created_at) AS started_s, extract(epoch FROM c.completed_at) AS completed_s,
               c.counts, CASE WHEN c.completed_at IS NULL THEN (
                   SELECT extract(epoch FROM clock_timestamp() - j.updated_at) FROM email_jobs j
                   WHERE j.campaign_id = c.id AND j.status = 'unknown' ORDER BY j.updated_at LIMIT 1
               ) END AS unknown_age_s
        FROM campaigns c JOIN newsletters n ON n.id = c.newsletter_id
        WHERE c.completed_at IS NULL OR c.completed_at > now() - interval '1 day'
        ORDER BY c.id DESC LIMIT 20
    """)
    return connection.execute(statement).mappings().all()


def latest_campaigns(connection: Connection) -> list[tuple[str, float]]:
    """Each enabled newsletter with the Unix seconds of its latest campaign, or else of its scheduling."""
    statement = text("""
        SELECT n.name, extract(epoch FROM coalesce(max(c.created_at), n.scheduled_since))
        FROM newsletters n LEFT JOIN campaigns c ON c.newsletter_id = n.id
        WHERE n.enabled GROUP BY n.id
    """)
    return [(name, float(started_s)) for name, started_s in connection.execute(statement)]


def webhook_lag_s(connection: Connection) -> float:
    """Age of the oldest post that waits to be applied, 0 without one (index ix_webhook_inbox_waiting)."""
    statement = text("""
        SELECT extract(epoch FROM clock_timestamp() - received_at) FROM webhook_inbox
        WHERE applied_at IS NULL ORDER BY received_at LIMIT 1
    """)
    return float(connection.execute(statement).scalar_one_or_none() or 0.0)


def database_bytes(connection: Connection) -> int:
    """What the database takes on disk; the file system tells, no table is read."""
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
