"""The statement that stores an authentic webhook post."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection


def post_digest(*, timestamp: str, body: bytes) -> bytes:
    """What tells a replayed post from a new one: SHA-256 over exactly the bytes that were signed."""
    return hashlib.sha256(timestamp.encode() + body).digest()


def add_post(connection: Connection, *, digest: bytes, body: bytes) -> int | None:
    """Store a post and return its inbox id, or None when it is there already: a replay is no new row.

    A replay that meets an uncommitted original waits for it, so None also means committed.
    """
    statement = text("""
        INSERT INTO webhook_inbox (digest, body) VALUES (:digest, :body)
        ON CONFLICT (digest) DO NOTHING
        RETURNING id
    """)
    inbox_id: int | None = connection.execute(statement, {"digest": digest, "body": body}).scalar_one_or_none()
    return inbox_id
