"""Turns mails whose next step is due into batches in the outbox, in one transaction with the step."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import orjson

from fake_sendgrid.office.batch import cut_batches
from fake_sendgrid.office.event import show_event
from fake_sendgrid.office.profile import Profile, plan_steps
from fake_sendgrid.office.store import add_number

TAKE = 2_000
"""Mails a turn; bounds a turn to some tens of milliseconds."""
_EVENT_BYTES = 500
_UNPLANNED = "SELECT seq, line, due FROM mails WHERE plan IS NULL AND due <= ? ORDER BY due LIMIT ?"
_DUE = "SELECT seq, line, plan, step, due FROM mails WHERE plan IS NOT NULL AND due <= ? ORDER BY due LIMIT ?"
_WAITING = "SELECT due FROM mails WHERE plan IS NOT NULL AND due <= ? ORDER BY due LIMIT ?"


@dataclass(slots=True)
class Emitter:
    """The pace of events; `clock_scale` simulated seconds pass per second."""

    store: sqlite3.Connection
    profile: Profile
    seed: int
    flush_s: float
    flush_bytes: int
    clock_scale: float

    def plan_due(self, *, now_s: float) -> int:
        """Decide the fate of mails whose processing time has come; returns how many."""
        rows = self.store.execute(_UNPLANNED, (now_s, TAKE)).fetchall()
        planned = []
        for seq, raw, due in rows:
            plan = plan_steps(self.profile, email=orjson.loads(raw)["to"], seed=self.seed)
            planned.append((orjson.dumps(plan), due + plan[0][1] / self.clock_scale, seq))
        self.store.execute("BEGIN")
        self.store.executemany("UPDATE mails SET plan = ?, due = ? WHERE seq = ?", planned)
        self.store.execute("COMMIT")
        return len(rows)

    def emit_due(self, *, now_s: float) -> int:
        """Emit when the oldest due event has waited long enough or a batch is full; returns events emitted."""
        if not self._should_flush(now_s):
            return 0
        events: list[dict[str, Any]] = []
        moves: list[tuple[int, float | None, int]] = []
        for seq, raw, raw_plan, step, due in self.store.execute(_DUE, (now_s, TAKE)).fetchall():
            plan = orjson.loads(raw_plan)
            kind, _, details = plan[step]
            events.append(show_event(kind, line=orjson.loads(raw), at_s=due, details=details))
            following = due + plan[step + 1][1] / self.clock_scale if step + 1 < len(plan) else None
            moves.append((step + 1, following, seq))
        self.store.execute("BEGIN")
        self.store.executemany("UPDATE mails SET step = ?, due = ? WHERE seq = ?", moves)
        self._put_into_outbox(events, now_s)
        self.store.execute("COMMIT")
        return len(events)

    def _should_flush(self, now_s: float) -> bool:
        full = max(1, min(TAKE, self.flush_bytes // _EVENT_BYTES))
        waiting = self.store.execute(_WAITING, (now_s, full)).fetchall()
        return bool(waiting) and (len(waiting) >= full or now_s - waiting[0][0] >= self.flush_s)

    def _put_into_outbox(self, events: list[dict[str, Any]], now_s: float) -> None:
        for body, count in cut_batches(events, max_bytes=self.flush_bytes):
            sql = "INSERT INTO outbox (body, events, made_at, due) VALUES (?, ?, ?, ?)"
            self.store.execute(sql, (body, count, now_s, now_s))
        add_number(self.store, "events_emitted", len(events))
