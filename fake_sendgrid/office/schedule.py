"""Batches of scheduled mails: made, paused, cancelled, expired."""

import sqlite3
import uuid
from typing import Any

from fake_sendgrid.office.store import read_thing, write_thing

BATCH_LIFE_S = 864_000
PAUSE_EXPIRES_S = 72 * 3600


def make_batch(store: sqlite3.Connection, *, now_s: float) -> str:
    """A new batch id."""
    batch_id = uuid.uuid4().hex
    write_thing(store, "batch", batch_id, {"made_at": now_s})
    return batch_id


def is_batch(store: sqlite3.Connection, batch_id: str, *, now_s: float) -> bool:
    """Whether the id was given out and is still valid."""
    batch = read_thing(store, "batch", batch_id)
    return batch is not None and now_s - batch["made_at"] < BATCH_LIFE_S


def find_batch_status(store: sqlite3.Connection, batch_id: Any, *, now_s: float) -> str | None:
    """`pause`, `cancel` or None; a pause older than 72 hours has expired into a cancellation."""
    if batch_id is None:
        return None
    order = read_thing(store, "scheduled_send", batch_id)
    if order is None:
        return None
    return "cancel" if now_s - order["since"] > PAUSE_EXPIRES_S else str(order["status"])
