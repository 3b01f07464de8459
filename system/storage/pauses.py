"""Statements about the pauses that providers ask for: Redis keeps the workers to them, and may forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection


def lengthen_pause(connection: Connection, *, account: str, seconds: float) -> None:
    """Note that this account may send nothing for so long; never shortens."""
    statement = text("""
        INSERT INTO sending_pauses (account, ends_at)
        VALUES (:account, clock_timestamp() + make_interval(secs => :seconds))
        ON CONFLICT (account) DO UPDATE SET ends_at = greatest(sending_pauses.ends_at, excluded.ends_at)
    """)
    connection.execute(statement, {"account": account, "seconds": seconds})


def pause_left_s(connection: Connection, *, account: str) -> float:
    """For how long this account may still send nothing; 0 when it may."""
    statement = text("""
        SELECT greatest(0, extract(epoch FROM ends_at - clock_timestamp())) FROM sending_pauses WHERE account = :account
    """)
    return float(connection.execute(statement, {"account": account}).scalar_one_or_none() or 0.0)
