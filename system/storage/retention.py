"""Statements that find and remove what nobody needs any more: campaigns of old weeks, posts that were applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection


def old_campaigns(connection: Connection, *, keep_weeks: int) -> list[tuple[int, str]]:
    """(id, name) of campaigns that ended longer ago and still have their rows, oldest first."""
    statement = text("""
        SELECT c.id, n.name || ' ' || c.week_key FROM campaigns c JOIN newsletters n ON n.id = c.newsletter_id
        WHERE c.completed_at < clock_timestamp() - make_interval(weeks => :keep_weeks) AND c.forgotten_at IS NULL
          AND NOT EXISTS (SELECT FROM email_jobs j WHERE j.campaign_id = c.id
                          AND j.status IN ('pending', 'ready', 'claimed', 'sending', 'unknown'))
        ORDER BY c.id
    """)
    return [(row[0], row[1]) for row in connection.execute(statement, {"keep_weeks": keep_weeks})]


def count_old_posts(connection: Connection, *, keep_weeks: int) -> int:
    """How many posts were applied longer ago."""
    statement = text("""
        SELECT count(*) FROM webhook_inbox WHERE applied_at < clock_timestamp() - make_interval(weeks => :keep_weeks)
    """)
    posts: int = connection.execute(statement, {"keep_weeks": keep_weeks}).scalar_one()
    return posts


def delete_old_posts(connection: Connection, *, keep_weeks: int, limit: int) -> int:
    """Remove some of them, in the order in which they came; 0 when none is left."""
    statement = text("""
        DELETE FROM webhook_inbox WHERE id IN (
            SELECT id FROM webhook_inbox
            WHERE applied_at < clock_timestamp() - make_interval(weeks => :keep_weeks) ORDER BY id LIMIT :limit)
    """)
    return connection.execute(statement, {"keep_weeks": keep_weeks, "limit": limit}).rowcount
