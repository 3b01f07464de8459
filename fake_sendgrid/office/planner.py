"""Decides the fate of each mail when it is processed: dropped, cancelled, or on its way through the profile."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import orjson

from fake_sendgrid.office.profile import Profile, plan_steps
from fake_sendgrid.office.schedule import find_batch_status
from fake_sendgrid.office.suppressions import find_drop_reason

TAKE = 2_000
PAUSED_LOOK_S = 1.0
_UNPLANNED = "SELECT seq, line, due FROM mails WHERE plan IS NULL AND due <= ? ORDER BY due LIMIT ?"


@dataclass(slots=True)
class Planner:
    """Suppressions and batches are looked at here, at processing time, as the real service does."""

    store: sqlite3.Connection
    profile: Profile
    seed: int

    def plan_due(self, *, now_s: float, clock_scale: float) -> int:
        """Plan mails whose processing time has come; returns how many."""
        rows = self.store.execute(_UNPLANNED, (now_s, TAKE)).fetchall()
        planned = [(*self._plan(orjson.loads(raw), due, now_s, clock_scale), seq) for seq, raw, due in rows]
        self.store.execute("BEGIN")
        self.store.executemany("UPDATE mails SET plan = ?, due = ? WHERE seq = ?", planned)
        self.store.execute("COMMIT")
        return len(rows)

    def _plan(self, line: dict[str, Any], due: float, now_s: float, scale: float) -> tuple[bytes | None, float | None]:
        status = find_batch_status(self.store, line.get("batch_id"), now_s=now_s)
        if status == "cancel":
            return b"[]", None
        if status == "pause":
            return None, now_s + PAUSED_LOOK_S
        plan = plan_steps(
            self.profile,
            email=line["to"],
            seed=self.seed,
            drop_reason=find_drop_reason(self.store, line),
            group=line.get("asm_group_id"),
        )
        return orjson.dumps(plan), due + plan[0][1] / scale
