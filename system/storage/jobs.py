"""Statements that read single jobs, for people and for previews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping


def job_facts(connection: Connection, *, campaign_id: int, job_id: int) -> RowMapping | None:
    """One job as it stands."""
    statement = text("SELECT * FROM email_jobs WHERE campaign_id = :campaign_id AND id = :job_id")
    return connection.execute(statement, {"campaign_id": campaign_id, "job_id": job_id}).mappings().one_or_none()


def recipient(connection: Connection, *, user_id: int) -> dict[str, Any] | None:
    """What a mail needs to know of a user."""
    statement = text("SELECT id, email, name, locale, suppressed_reason FROM users WHERE id = :user_id")
    row = connection.execute(statement, {"user_id": user_id}).mappings().one_or_none()
    return dict(row) if row else None
