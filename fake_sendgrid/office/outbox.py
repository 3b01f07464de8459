"""Batches on their way to the webhook: posted concurrently, retried at growing intervals for a day."""

import sqlite3
from dataclasses import dataclass

RETRY_FOR_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Batch:
    """One body to post; `made_at` starts the retry period."""

    number: int
    body: bytes
    events: int
    made_at: float
    tries: int


def take_due(store: sqlite3.Connection, *, now_s: float, limit: int, busy: set[int]) -> list[Batch]:
    """Batches whose time has come and that nobody is posting."""
    rows = store.execute(
        "SELECT id, body, events, made_at, tries FROM outbox WHERE due <= ? ORDER BY due LIMIT ?",
        (now_s, limit + len(busy)),
    ).fetchall()
    return [Batch(*row) for row in rows if row[0] not in busy][:limit]


def remove(store: sqlite3.Connection, number: int) -> None:
    """The batch was taken by the receiver, or given up."""
    store.execute("DELETE FROM outbox WHERE id = ?", (number,))


def postpone(store: sqlite3.Connection, number: int, *, until_s: float) -> None:
    """Try again later."""
    store.execute("UPDATE outbox SET tries = tries + 1, due = ? WHERE id = ?", (until_s, number))


def count_events(store: sqlite3.Connection) -> int:
    """Events that wait in batches."""
    return int(store.execute("SELECT coalesce(sum(events), 0) FROM outbox").fetchone()[0])
