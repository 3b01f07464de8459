"""Turns mails whose next step is due into batches in the outbox, in one transaction with the step."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from fake_sendgrid.office.batch import cut_batches
from fake_sendgrid.office.consequences import CONSEQUENTIAL, apply_consequences, status_after
from fake_sendgrid.office.event import show_event
from fake_sendgrid.office.outbox import put_batch
from fake_sendgrid.office.profile import Step
from fake_sendgrid.office.store import add_number
from fake_sendgrid.office.webhook_faults import EventShuffle
from fake_sendgrid.office.webhooks import Webhook, wants

TAKE = 2_000
"""Mails a turn; bounds a turn to some tens of milliseconds."""
_EVENT_BYTES = 400
_DUE = "SELECT seq, line, plan, step, due FROM mails WHERE plan IS NOT NULL AND due <= ? ORDER BY due LIMIT ?"
_WAITING = "SELECT due FROM mails WHERE plan IS NOT NULL AND due <= ? ORDER BY due LIMIT ?"
_MOVE = """
UPDATE mails SET step = ?, due = ?, status = coalesce(?, status), opens = opens + ?, clicks = clicks + ?,
    last_event_at = ? WHERE seq = ?
"""
FindLink = Callable[[dict[str, Any]], str | None]
Told = tuple[str, bytes]
"""The event's name and the JSON that is posted."""


@dataclass(slots=True)
class Emitter:
    """The pace of events; `clock_scale` simulated seconds pass per second."""

    store: sqlite3.Connection
    shuffle: EventShuffle
    find_link: FindLink
    flush_s: float
    flush_bytes: int
    clock_scale: float
    webhooks: list[Webhook] = field(default_factory=list)

    def emit_due(self, *, now_s: float) -> int:
        """Emit when the oldest due event has waited long enough or a batch is full; returns how many mails moved."""
        if not self._should_flush(now_s):
            return 0
        rows = self.store.execute(_DUE, (now_s, TAKE)).fetchall()
        self.store.execute("BEGIN")
        told = self._take_held(now_s)
        moves: list[tuple[Any, ...]] = []
        for row in rows:
            told += self._step(row, moves, now_s)
        self.store.executemany(_MOVE, moves)
        self._put_into_outbox(told, now_s)
        self.store.execute("COMMIT")
        return len(rows)

    def _should_flush(self, now_s: float) -> bool:
        full = max(1, min(TAKE, self.flush_bytes // _EVENT_BYTES))
        waiting = self.store.execute(_WAITING, (now_s, full)).fetchall()
        if waiting:
            return len(waiting) >= full or now_s - waiting[0][0] >= self.flush_s
        return self.store.execute("SELECT 1 FROM held WHERE due <= ? LIMIT 1", (now_s,)).fetchone() is not None

    def _step(self, row: tuple[int, bytes, bytes, int, float], moves: list[Any], now_s: float) -> list[Told]:
        """All steps of a mail that are due by now, in one visit."""
        seq, raw, raw_plan, step, due = row
        plan, line = orjson.loads(raw_plan), orjson.loads(raw)
        told: list[Told] = []
        status, opens, clicks, last_s = None, 0, 0, due
        following: float | None = due
        while following is not None and following <= now_s:
            kind, last_s = plan[step][0], following
            told += self._show(plan[step], line, step, last_s, now_s)
            status = status_after(kind) or status
            opens += kind == "open"
            clicks += kind == "click"
            step += 1
            following = last_s + plan[step][1] / self.clock_scale if step < len(plan) else None
        moves.append((step, following, status, opens, clicks, last_s, seq))
        return told

    def _show(self, planned: Step, line: dict[str, Any], step: int, at_s: float, now_s: float) -> list[Told]:
        kind, _, details = planned
        if kind == "click":
            details = {**details, "url": self.find_link(line) or "https://example.com/"}
        event = show_event(kind, line=line, step=step, at_s=at_s, details=details)
        if kind in CONSEQUENTIAL:
            apply_consequences(self.store, event, now_s=at_s)
        return self._tell(event, now_s)

    def _tell(self, event: dict[str, Any], now_s: float) -> list[Told]:
        kind = event["event"]
        shown = [(kind, orjson.dumps(told, option=orjson.OPT_SORT_KEYS)) for told in self.shuffle.tell(event)]
        later_s = self.shuffle.hold_back_s()
        if not later_s:
            return shown
        due = now_s + later_s / self.clock_scale
        self.store.executemany("INSERT INTO held (kind, event, due) VALUES (?, ?, ?)", [(*one, due) for one in shown])
        return []

    def _take_held(self, now_s: float) -> list[Told]:
        return self.store.execute("DELETE FROM held WHERE due <= ? RETURNING kind, event", (now_s,)).fetchall()

    def _put_into_outbox(self, told: list[Told], now_s: float) -> None:
        max_bytes = self.shuffle.faults.huge_bytes or self.flush_bytes
        for webhook in self.webhooks:
            if webhook["enabled"]:
                wanted = (event for kind, event in told if wants(webhook, kind))
                for body, count in cut_batches(wanted, max_bytes=max_bytes):
                    put_batch(self.store, webhook["id"], body, events=count, now_s=now_s)
                    add_number(self.store, "events_emitted", count)
