"""Partitions of the campaign tables: made with the campaign, dropped when its week is no longer kept.

Both are functions in the database (migration 0003), with the rights of the tables' owner: the role of the workers may
change rows and no tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection


def create_partitions(connection: Connection, *, campaign_id: int) -> None:
    """Give a new campaign its own tables; no running campaign waits."""
    connection.execute(text("SELECT make_campaign_partitions(:campaign_id)"), {"campaign_id": campaign_id})


def drop_partitions(connection: Connection, *, campaign_id: int) -> bool:
    """Forget a completed campaign's jobs, attempts, transitions and events; its row in `campaigns` stays and says so.

    False when it is open, has a job in work, or was forgotten before. Waits two seconds at most for running campaigns.
    """
    statement = text("SELECT drop_campaign_partitions(:campaign_id)")
    dropped: bool = connection.execute(statement, {"campaign_id": campaign_id}).scalar_one()
    return dropped
