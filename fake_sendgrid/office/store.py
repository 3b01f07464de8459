"""The office's memory: an SQLite file with each mail's next event, the batches to post and the account's things."""

import sqlite3
from pathlib import Path
from typing import Any

import orjson

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mails (
    seq INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    email TEXT NOT NULL,
    campaign_id TEXT,
    user_id TEXT,
    received_at REAL NOT NULL,
    mono_ns INTEGER NOT NULL,
    line BLOB NOT NULL,      -- the ledger's line
    plan BLOB,               -- JSON [[event, delay_s, details], ...]; NULL until the mail is processed
    step INTEGER NOT NULL DEFAULT 0,
    due REAL,                -- when the mail is processed, then when its next step falls due; NULL after the last
    status TEXT NOT NULL DEFAULT 'processed',  -- as the Activity API says it
    opens INTEGER NOT NULL DEFAULT 0,
    clicks INTEGER NOT NULL DEFAULT 0,
    last_event_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS mails_unplanned ON mails (due) WHERE plan IS NULL;
CREATE INDEX IF NOT EXISTS mails_due ON mails (due) WHERE plan IS NOT NULL AND due IS NOT NULL;
CREATE INDEX IF NOT EXISTS mails_person ON mails (campaign_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS mails_message ON mails (message_id);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY,
    webhook_id TEXT NOT NULL,
    url TEXT,                -- instead of the webhook's own, for test posts
    body BLOB NOT NULL,
    events INTEGER NOT NULL,
    made_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due);
CREATE TABLE IF NOT EXISTS held (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, event BLOB NOT NULL, due REAL NOT NULL);
CREATE INDEX IF NOT EXISTS held_due ON held (due);
CREATE TABLE IF NOT EXISTS suppressions (
    kind TEXT NOT NULL,      -- bounces, blocks, spam_reports, invalid_emails, unsubscribes, or group:<id>
    email TEXT NOT NULL,     -- lower case
    created INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (email, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS things (kind TEXT, id TEXT, value BLOB NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value NOT NULL);
"""
_MAIL_TABLES = ("mails", "held", "outbox", "numbers")
_ACCOUNT_TABLES = ("suppressions", "things")


def open_store(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode; survives a kill of the process, not a power cut (the ledger rebuilds it)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=OFF")
    store.executescript(_SCHEMA)
    return store


def clear_mails(store: sqlite3.Connection) -> None:
    """Forget every mail, batch and number."""
    _clear(store, _MAIL_TABLES)


def clear_account(store: sqlite3.Connection) -> None:
    """Forget suppressions, templates, groups, batches, webhooks and settings."""
    _clear(store, _ACCOUNT_TABLES)


def _clear(store: sqlite3.Connection, tables: tuple[str, ...]) -> None:
    store.execute("BEGIN")
    for table in tables:
        store.execute(f"DELETE FROM {table}")  # noqa: S608 - names from this file
    store.execute("COMMIT")


def read_number(store: sqlite3.Connection, name: str) -> float:
    """A counter's value, 0 when it was never written."""
    row = store.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def read_numbers(store: sqlite3.Connection, prefix: str) -> dict[str, int]:
    """Counters by what follows the prefix in their names."""
    rows = store.execute("SELECT name, value FROM numbers WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
    return {name[len(prefix) :]: int(value) for name, value in rows}


def write_number(store: sqlite3.Connection, name: str, value: float) -> None:
    """Set a number."""
    sql = "INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    store.execute(sql, (name, value))


def add_number(store: sqlite3.Connection, name: str, by: float) -> None:
    """Count."""
    sql = "INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
    store.execute(sql, (name, by))


def read_thing(store: sqlite3.Connection, kind: str, name: str) -> Any:
    """One stored object, None when there is none."""
    row = store.execute("SELECT value FROM things WHERE kind = ? AND id = ?", (kind, name)).fetchone()
    return orjson.loads(row[0]) if row else None


def read_things(store: sqlite3.Connection, kind: str) -> dict[str, Any]:
    """All stored objects of a kind by their id, oldest first."""
    rows = store.execute("SELECT id, value FROM things WHERE kind = ? ORDER BY rowid", (kind,))
    return {name: orjson.loads(value) for name, value in rows}


def write_thing(store: sqlite3.Connection, kind: str, name: str, value: Any) -> None:
    """Store an object."""
    sql = "INSERT INTO things VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value"
    store.execute(sql, (kind, name, orjson.dumps(value)))


def delete_thing(store: sqlite3.Connection, kind: str, name: str) -> bool:
    """Forget an object; False when there was none."""
    return store.execute("DELETE FROM things WHERE kind = ? AND id = ?", (kind, name)).rowcount > 0
