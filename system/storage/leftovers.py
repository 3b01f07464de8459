"""Statements with which the sweep finds what was left behind, as ranges that messages can name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A contiguous range of a campaign's jobs: all that a Celery message says."""

    campaign_id: int
    first_id: int
    last_id: int


def pending_batches(
    connection: Connection, *, campaign_id: int, idle_s: float, batch_jobs: int, batches: int
) -> list[Batch]:
    """Ranges of jobs that have waited for recommendations longer than `idle_s`."""
    statement = text("""
        SELECT min(id), max(id) FROM (
            SELECT id, (row_number() OVER (ORDER BY id) - 1) / :batch_jobs AS batch FROM (
                SELECT id FROM email_jobs
                WHERE campaign_id = :campaign_id AND status = 'pending'
                  AND updated_at < clock_timestamp() - make_interval(secs => :idle_s)
                ORDER BY id LIMIT :limit) AS waiting) AS numbered
        GROUP BY batch ORDER BY 1
    """)
    values = {"idle_s": idle_s, "batch_jobs": batch_jobs, "limit": batch_jobs * batches}
    return _batches(connection, statement, campaign_id, values)


def due_batches(connection: Connection, *, campaign_id: int, batch_jobs: int, batches: int) -> list[Batch]:
    """Ranges of jobs that are ready and due (index ix_email_jobs_ready)."""
    statement = text("""
        SELECT min(id), max(id) FROM (
            SELECT id, (row_number() OVER (ORDER BY id) - 1) / :batch_jobs AS batch FROM (
                SELECT id FROM email_jobs
                WHERE campaign_id = :campaign_id AND status = 'ready' AND next_attempt_at <= clock_timestamp()
                ORDER BY id LIMIT :limit) AS due) AS numbered
        GROUP BY batch ORDER BY 1
    """)
    return _batches(connection, statement, campaign_id, {"batch_jobs": batch_jobs, "limit": batch_jobs * batches})


def _batches(connection: Connection, statement: TextClause, campaign_id: int, values: dict[str, float]) -> list[Batch]:
    rows = connection.execute(statement, {"campaign_id": campaign_id, **values})
    return [Batch(campaign_id=campaign_id, first_id=first, last_id=last) for first, last in rows]


def waiting_posts(connection: Connection, *, idle_s: float, limit: int) -> list[int]:
    """Inbox rows that nobody has applied for longer than `idle_s` (index ix_webhook_inbox_waiting)."""
    statement = text("""
        SELECT id FROM webhook_inbox
        WHERE applied_at IS NULL AND received_at < clock_timestamp() - make_interval(secs => :idle_s)
        ORDER BY received_at LIMIT :limit
    """)
    return list(connection.execute(statement, {"idle_s": idle_s, "limit": limit}).scalars())
