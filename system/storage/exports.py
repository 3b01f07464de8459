"""Statements that read a whole campaign out, streamed, for whoever wants to check it; times are Unix seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

PAGE_ROWS = 5_000


def stream_jobs(connection: Connection, *, campaign_id: int) -> Iterator[dict[str, Any]]:
    """Every job as it stands, in id order, with its user's address and suppression."""
    statement = f"""
        SELECT j.id AS job_id, j.user_id, j.status, j.reason, j.attempt, j.attempt_id, j.sendgrid_msg_id AS message_id,
               j.product_ids, j.model_version, u.email,
               {
        _seconds(
            "u.suppressed_at", "j.created_at", "j.accepted_at", "j.delivered_at", "j.lease_until", "j.next_attempt_at"
        )
    }
        FROM email_jobs j LEFT JOIN users u ON u.id = j.user_id
        WHERE j.campaign_id = :campaign_id ORDER BY j.id
    """  # noqa: S608  # column names of our own
    return _stream(connection, statement, {"campaign_id": campaign_id})


def stream_attempts(connection: Connection, *, campaign_id: int) -> Iterator[dict[str, Any]]:
    """Every attempt with its intent and outcome."""
    statement = f"""
        SELECT id AS attempt_id, job_id, attempt, worker, content_hash, outcome, detail,
               {_seconds("intent_at", "outcome_at")}
        FROM send_attempts WHERE campaign_id = :campaign_id ORDER BY intent_at
    """  # noqa: S608  # column names of our own
    return _stream(connection, statement, {"campaign_id": campaign_id})


def stream_transitions(connection: Connection, *, campaign_id: int) -> Iterator[dict[str, Any]]:
    """Every step of every job, in the order in which the steps were written."""
    statement = f"""
        SELECT id AS seq, job_id, happening, from_status, to_status, attempt_id, reason, {_seconds("at")}
        FROM job_transitions WHERE campaign_id = :campaign_id ORDER BY id
    """  # noqa: S608  # column names of our own
    return _stream(connection, statement, {"campaign_id": campaign_id})


def stream_events(connection: Connection, *, campaign_id: int) -> Iterator[dict[str, Any]]:
    """Every webhook event that was applied to one of the campaign's attempts."""
    statement = f"""
        SELECT sg_event_id, job_id, attempt_id, kind, inbox_id, {_seconds("happened_at", "received_at", "applied_at")}
        FROM email_events WHERE campaign_id = :campaign_id ORDER BY inbox_id
    """  # noqa: S608  # column names of our own
    return _stream(connection, statement, {"campaign_id": campaign_id})


def stream_inbox(connection: Connection, *, since_s: float) -> Iterator[dict[str, Any]]:
    """Every webhook post taken in since a moment (Unix seconds), whichever campaign it speaks of."""
    statement = f"""
        SELECT id AS inbox_id, substr(encode(digest, 'hex'), 1, 16) AS digest, events_applied, events_repeated,
               events_foreign, {_seconds("received_at", "applied_at")}
        FROM webhook_inbox WHERE received_at >= to_timestamp(:since_s) ORDER BY id
    """  # noqa: S608  # column names of our own
    return _stream(connection, statement, {"since_s": since_s})


def stream_campaigns(connection: Connection) -> Iterator[dict[str, Any]]:
    """Every campaign there is."""
    statement = f"""
        SELECT c.id AS campaign_id, n.name AS newsletter, c.week_key, c.state, c.triggered_by, c.jobs_total,
               {_seconds("c.created_at", "c.completed_at")}
        FROM campaigns c JOIN newsletters n ON n.id = c.newsletter_id ORDER BY c.id
    """  # noqa: S608  # column names of our own
    return _stream(connection, statement, {})


def audience_size(connection: Connection, *, campaign_id: int) -> int:
    """How many users the campaign's audience held when it was frozen."""
    statement = text("""
        SELECT count(*) FROM users, campaigns c JOIN newsletters n ON n.id = c.newsletter_id
        WHERE c.id = :campaign_id AND users.id <= c.audience_end AND (n.audience = 'all' OR users.locale = n.audience)
    """)
    size: int = connection.execute(statement, {"campaign_id": campaign_id}).scalar_one()
    return size


def _seconds(*columns: str) -> str:
    """A timestamp as Unix seconds, under its own name."""
    return ", ".join(f"extract(epoch FROM {column})::float8 AS {column.rpartition('.')[2]}" for column in columns)


def _stream(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    result = connection.execution_options(yield_per=PAGE_ROWS).execute(text(statement), dict(parameters))
    return (dict(row) for row in result.mappings())
