"""Partitions of the campaign tables: made with the campaign, dropped when its week is no longer kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from system.storage.models import PARTITIONED

if TYPE_CHECKING:
    from sqlalchemy import Connection


def create_partitions(connection: Connection, *, campaign_id: int) -> None:
    """Give a new campaign its own tables.

    Built aside and then attached: `CREATE TABLE … PARTITION OF` would lock every running campaign out,
    `ATTACH` does not.
    """
    for model in PARTITIONED:
        parent = model.__tablename__
        child = f"{parent}_c{campaign_id:d}"
        connection.execute(text(f"CREATE TABLE {child} (LIKE {parent} INCLUDING ALL)"))
        connection.execute(text(f"ALTER TABLE {parent} ATTACH PARTITION {child} FOR VALUES IN ({campaign_id:d})"))


def drop_partitions(connection: Connection, *, campaign_id: int) -> None:
    """Forget a campaign's jobs, attempts, transitions and events; its row in `campaigns` stays."""
    for model in PARTITIONED:
        connection.execute(text(f"DROP TABLE IF EXISTS {model.__tablename__}_c{campaign_id:d}"))
