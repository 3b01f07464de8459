"""Batches on their way to a webhook: posted concurrently, retried at growing intervals for a day."""

import sqlite3
from dataclasses import dataclass

RETRY_FOR_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Batch:
    """One body to post; `made_at` starts the retry period; `url` overrides the webhook's."""

    number: int
    webhook_id: str
    url: str | None
    body: bytes
    made_at: float
    tries: int


def put_batch(
    store: sqlite3.Connection, webhook_id: str, body: bytes, *, events: int, now_s: float, url: str | None = None
) -> None:
    """Lay a batch down for posting now."""
    sql = "INSERT INTO outbox (webhook_id, url, body, events, made_at, due) VALUES (?, ?, ?, ?, ?, ?)"
    store.execute(sql, (webhook_id, url, body, events, now_s, now_s))


def put_test(store: sqlite3.Connection, webhook_id: str, body: bytes, *, url: str, events: int) -> None:
    """Lay a test post down: one try, so it counts as a day old already."""
    sql = "INSERT INTO outbox (webhook_id, url, body, events, made_at, due) VALUES (?, ?, ?, ?, 0, 0)"
    store.execute(sql, (webhook_id, url, body, events))


def take_due(store: sqlite3.Connection, *, now_s: float, limit: int, busy: set[int]) -> list[Batch]:
    """Batches whose time has come and that nobody is posting."""
    sql = "SELECT id, webhook_id, url, body, made_at, tries FROM outbox WHERE due <= ? ORDER BY due LIMIT ?"
    rows = store.execute(sql, (now_s, limit + len(busy))).fetchall()
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
