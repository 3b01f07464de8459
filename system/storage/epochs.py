"""Statements about the send epoch: whether this database may send, or was restored and has forgotten what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

# Another server has another identifier; a table that was restored into the same server has another oid.
_HERE: Final = "(SELECT system_identifier FROM pg_control_system())::text || '/' || tableoid::text"

SENDING_IS_OPEN: Final = f"""
    (SELECT locked_at IS NULL AND database = {_HERE} FROM sending_epochs ORDER BY id DESC LIMIT 1)
"""  # noqa: S608  # words of our own
"""A condition for statements that must do nothing while sending is locked."""


def lock_reason(connection: Connection) -> str | None:
    """Why nothing may be sent, None when mails may go out."""
    statement = text(f"""
        SELECT CASE WHEN locked_at IS NOT NULL THEN lock_reason
                    WHEN database <> {_HERE} THEN 'this database is a restored copy of another one' END
        FROM sending_epochs ORDER BY id DESC LIMIT 1
    """)  # noqa: S608  # words of our own
    row = connection.execute(statement).one_or_none()
    reason: str | None = row[0] if row else "the table sending_epochs is empty"
    return reason


def lock_sending(connection: Connection, *, reason: str) -> bool:
    """Let nothing be sent until the next epoch is opened; False when it was locked already."""
    statement = text("""
        UPDATE sending_epochs SET locked_at = clock_timestamp(), lock_reason = :reason
        WHERE id = (SELECT max(id) FROM sending_epochs) AND locked_at IS NULL
    """)
    return connection.execute(statement, {"reason": reason}).rowcount == 1


def open_epoch(connection: Connection, *, opened_by: str) -> int:
    """Let mails go out again, from this very database; returns the epoch's number."""
    statement = text("""
        INSERT INTO sending_epochs (database, opened_by)
        SELECT system_identifier::text || '/' || 'sending_epochs'::regclass::oid::text, :opened_by
        FROM pg_control_system() RETURNING id
    """)
    epoch: int = connection.execute(statement, {"opened_by": opened_by}).scalar_one()
    return epoch


def count_forgotten(connection: Connection, *, attempts: Sequence[tuple[int, uuid.UUID]]) -> int:
    """How many of these (campaign id, attempt id) the database lacks, campaigns that retention dropped not counted.

    The LIMIT keeps each look-up an index scan of one partition, where an anti-join could read them all.
    """
    statement = text("""
        SELECT count(*)
        FROM unnest(CAST(:campaign_ids AS bigint[]), CAST(:attempt_ids AS uuid[])) AS sent (campaign, id)
        WHERE NOT coalesce((SELECT true FROM send_attempts a
                            WHERE a.campaign_id = sent.campaign AND a.id = sent.id LIMIT 1), false)
          AND NOT EXISTS (SELECT FROM campaigns c WHERE c.id = sent.campaign AND c.forgotten_at IS NOT NULL)
    """)
    campaign_ids, attempt_ids = (list(column) for column in zip(*attempts, strict=True))
    values = {"campaign_ids": campaign_ids, "attempt_ids": attempt_ids}
    forgotten: int = connection.execute(statement, values).scalar_one()
    return forgotten


def last_trace(connection: Connection) -> datetime:
    """The latest moment of which the database knows anything: a restored one, when its backup was taken."""
    statement = text("""
        SELECT greatest((SELECT max(at) FROM job_transitions), (SELECT max(created_at) FROM campaigns),
                        (SELECT max(opened_at) FROM sending_epochs))
    """)
    moment: datetime = connection.execute(statement).scalar_one()
    return moment
