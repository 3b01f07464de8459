"""The statement that ends all mail to a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

UNSUBSCRIBED = "unsubscribed"


def suppress_user(connection: Connection, *, user_id: int, reason: str) -> bool:
    """Suppress a user from now on; True when that changed anything.

    The first reason stays. Jobs that wait to be sent see it when they are claimed.
    """
    statement = text("""
        UPDATE users SET suppressed_at = clock_timestamp(), suppressed_reason = :reason
        WHERE id = :user_id AND suppressed_at IS NULL
    """)
    return connection.execute(statement, {"user_id": user_id, "reason": reason}).rowcount == 1
