"""The office's memory: an SQLite file derived from the ledger, with each mail's next event and the batches to post."""

import sqlite3
from pathlib import Path

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
    due REAL                 -- when the mail is processed, then when its next step falls due; NULL after the last
);
CREATE INDEX IF NOT EXISTS mails_unplanned ON mails (due) WHERE plan IS NULL;
CREATE INDEX IF NOT EXISTS mails_due ON mails (due) WHERE plan IS NOT NULL AND due IS NOT NULL;
CREATE INDEX IF NOT EXISTS mails_person ON mails (campaign_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS mails_message ON mails (message_id);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY,
    body BLOB NOT NULL,
    events INTEGER NOT NULL,
    made_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due);
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value NOT NULL);
"""


def open_store(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode; survives a kill of the process, not a power cut (the ledger rebuilds it)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=OFF")
    store.executescript(_SCHEMA)
    return store


def clear_store(store: sqlite3.Connection) -> None:
    """Forget every mail, batch and number."""
    store.executescript("BEGIN; DELETE FROM mails; DELETE FROM outbox; DELETE FROM numbers; COMMIT;")


def read_number(store: sqlite3.Connection, name: str) -> float:
    """A counter's value, 0 when it was never written."""
    row = store.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def write_number(store: sqlite3.Connection, name: str, value: float) -> None:
    """Set a number."""
    sql = "INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    store.execute(sql, (name, value))


def add_number(store: sqlite3.Connection, name: str, by: float) -> None:
    """Count."""
    sql = "INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
    store.execute(sql, (name, by))
