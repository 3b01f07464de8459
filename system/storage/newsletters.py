"""The newsletter that every installation starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

WEEKLY: Final = "weekly-recos"


def ensure_weekly_newsletter(connection: Connection) -> None:
    """Add the weekly newsletter unless there is one; its time is Monday 09:00, the tables' own default."""
    connection.execute(_ENSURE, {"name": WEEKLY, "subject": "Picked for you this week"})


_ENSURE = text("""
    INSERT INTO newsletters (name, subject) VALUES (:name, :subject)
    ON CONFLICT (name) DO NOTHING
""")
