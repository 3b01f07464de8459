"""Statements that read a whole campaign out, streamed, for whoever wants to check it; no addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


def stream_jobs(connection: Connection, *, campaign_id: int) -> Iterator[dict[str, Any]]:
    """Every job as it stands, in id order."""
    return _stream(
        connection,
        """
        SELECT id AS job_id, user_id, status, reason, attempt, attempt_id, sendgrid_msg_id, product_ids, model_version,
               created_at, accepted_at, delivered_at
        FROM email_jobs WHERE campaign_id = :campaign_id ORDER BY id
        """,
        campaign_id,
    )


def stream_attempts(connection: Connection, *, campaign_id: int) -> Iterator[dict[str, Any]]:
    """Every attempt with its intent and outcome."""
    return _stream(
        connection,
        """
        SELECT id AS attempt_id, job_id, attempt, worker, content_hash, intent_at, outcome, outcome_at, detail
        FROM send_attempts WHERE campaign_id = :campaign_id
        """,
        campaign_id,
    )


def _stream(connection: Connection, statement: str, campaign_id: int) -> Iterator[dict[str, Any]]:
    result = connection.execution_options(yield_per=5_000).execute(text(statement), {"campaign_id": campaign_id})
    return (dict(row) for row in result.mappings())


def audience_size(connection: Connection, *, campaign_id: int) -> int:
    """How many users the campaign's audience held when it was frozen."""
    statement = text("""
        SELECT count(*) FROM users, campaigns c JOIN newsletters n ON n.id = c.newsletter_id
        WHERE c.id = :campaign_id AND users.id <= c.audience_end AND (n.audience = 'all' OR users.locale = n.audience)
    """)
    size: int = connection.execute(statement, {"campaign_id": campaign_id}).scalar_one()
    return size
