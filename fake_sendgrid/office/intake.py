"""Follows the ledger file into the store: each accepted line becomes a mail that is due for processing."""

import os
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from fake_sendgrid.office.recent_rate import RecentRate
from fake_sendgrid.office.rolling_peak import RollingPeak
from fake_sendgrid.office.store import add_number, clear_mails, read_number, write_number

CHUNK_BYTES = 1 << 21
_INSERT = """
INSERT OR IGNORE INTO mails
    (seq, message_id, email, campaign_id, user_id, received_at, mono_ns, line, due, last_event_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Intake:
    """Knows how far the ledger has been read; the offset is committed together with what was read."""

    def __init__(self, *, ledger_path: Path, store: sqlite3.Connection) -> None:
        self._path = ledger_path
        self._store = store
        self.peak = RollingPeak()
        self.recent = RecentRate()
        self._check_offset()
        self._count_peak()

    def _count_peak(self) -> None:
        times = self._store.execute("SELECT mono_ns FROM mails ORDER BY mono_ns")
        self.peak = RollingPeak(mono_ns for (mono_ns,) in times)

    def exact_peak(self) -> int:
        """The most mails in any rolling second; counted afresh after late acceptances, which come out of order."""
        if self.peak.stale:
            self._count_peak()
        return self.peak.value

    def _check_offset(self) -> None:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < read_number(self._store, "ledger_offset"):
            clear_mails(self._store)

    def catch_up(self) -> None:
        """Read everything that stands in the ledger now."""
        while self.read_chunk():
            pass

    def read_chunk(self) -> bool:
        """Read the next lines, up to CHUNK_BYTES; False when there were none."""
        offset = int(read_number(self._store, "ledger_offset"))
        data = self._read_whole_lines(offset)
        if not data:
            return False
        lines = data.splitlines()
        self._store.execute("BEGIN")
        self._take([(line, orjson.loads(line)) for line in lines])
        write_number(self._store, "ledger_offset", offset + len(data))
        self._store.execute("COMMIT")
        return True

    def _read_whole_lines(self, offset: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                data = os.pread(file.fileno(), CHUNK_BYTES, offset)
        except FileNotFoundError:
            return b""
        return data[: data.rfind(b"\n") + 1]

    def _take(self, lines: list[tuple[bytes, dict[str, Any]]]) -> None:
        accepted = [(raw, line) for raw, line in lines if line["kind"] == "accepted"]
        self._store.executemany(_INSERT, [_to_row(raw, line) for raw, line in accepted])
        for _, line in accepted:
            self.peak.add(line["mono_ns"])
            self.recent.add(line["received_at"])
        counts = Counter(_name_count(line) for _, line in lines)
        for name, count in counts.items():
            add_number(self._store, name, count)

    def reset(self) -> None:
        """Start again at the beginning of an emptied ledger."""
        clear_mails(self._store)
        self.peak = RollingPeak()
        self.recent = RecentRate()


def _name_count(line: dict[str, Any]) -> str:
    if line["kind"] == "rejected":
        return f"rejected:{line['status']}"
    if line["kind"] == "fault":
        return f"fault:{line['rule']}"
    return "accepted_requests" if line["recipient_index"] == 0 else "further_recipients"


def _to_row(raw: bytes, line: dict[str, Any]) -> tuple[Any, ...]:
    args = line["custom_args"]
    received_at = line["received_at"]
    due = None if line.get("lost") else max(received_at, line.get("send_at", 0))
    person = (None, None) if "role" in line else (args.get("campaign_id"), args.get("user_id"))
    mail = (line["seq"], line["message_id"], line["to"], *person)
    return (*mail, received_at, line["mono_ns"], raw, due, received_at)
