"""The statement that stores authentic webhook posts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert

from system.storage.models import WebhookPost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


MOST_POSTS = 500


def post_digest(*, timestamp: str, body: bytes) -> bytes:
    """What tells a replayed post from a new one: SHA-256 over exactly the bytes that were signed."""
    return hashlib.sha256(timestamp.encode() + body).digest()


def add_posts(connection: Connection, *, bodies: Mapping[bytes, bytes]) -> dict[bytes, int]:
    """Store bodies by digest with one statement; returns the inbox ids of the new ones: a replay is no new row.

    A replay that meets an uncommitted original waits for it, so a digest without an id is committed too.
    At most `MOST_POSTS`, or SQLAlchemy would split the statement.
    """
    # INSERT INTO webhook_inbox (digest, body) VALUES (…), (…) ON CONFLICT (digest) DO NOTHING RETURNING digest, id
    statement = (
        insert(WebhookPost)
        .on_conflict_do_nothing(index_elements=[WebhookPost.digest])
        .returning(WebhookPost.digest, WebhookPost.id)
    )
    rows = connection.execute(statement, [{"digest": digest, "body": body} for digest, body in bodies.items()])
    return {row.digest: row.id for row in rows}
