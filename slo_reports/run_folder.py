"""The folder of one run: the one contract between what records a run and what judges it.

run.json                what was run, on what, with which settings; written at the start, completed at the end
history.jsonl           operations and faults: who did what when, and how it ended
provider-ledger.jsonl   what the provider accepted, rejected or was told to break, as the provider saw it
campaigns.jsonl         every campaign in the database
jobs.jsonl              every job as the database left it
attempts.jsonl          every attempt with its intent and its outcome
transitions.jsonl       every step of every job
events.jsonl            every webhook event that was applied to one of our attempts
inbox.jsonl             every webhook post that was taken in
requests.jsonl          every request of the webhook load, with its intended start
webhook.hgrm            their response times as an HDR histogram
samples.jsonl           once a second: jobs by state, queue depths, rate, breaker
processes.jsonl         once a second: CPU, memory and descriptors of every program
logs/                   what the processes printed

Times are Unix seconds with fractions. Addresses are replaced by keyed hashes whose key is forgotten.
`columns.py` names the fields of each file, `schemas/` publishes them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

SCHEMA: Final = "steadypost-run/2"

RUN: Final = "run.json"
HISTORY: Final = "history.jsonl"
LEDGER: Final = "provider-ledger.jsonl"
CAMPAIGNS: Final = "campaigns.jsonl"
JOBS: Final = "jobs.jsonl"
ATTEMPTS: Final = "attempts.jsonl"
TRANSITIONS: Final = "transitions.jsonl"
EVENTS: Final = "events.jsonl"
INBOX: Final = "inbox.jsonl"
REQUESTS: Final = "requests.jsonl"
HISTOGRAM: Final = "webhook.hgrm"
SAMPLES: Final = "samples.jsonl"
PROCESSES: Final = "processes.jsonl"
LOGS: Final = "logs"

LINE_FILES: Final = (
    HISTORY, LEDGER, CAMPAIGNS, JOBS, ATTEMPTS, TRANSITIONS, EVENTS, INBOX, REQUESTS, SAMPLES, PROCESSES,
)  # fmt: skip

Outcome = Literal["invoke", "ok", "fail", "info"]
"""How an operation of the history stands: begun, done, certainly not done, or nobody knows."""

_CHUNK_BYTES: Final = 1 << 20


class UnreadableRunError(Exception):
    """Raised when a run folder is cut off, corrupt, or of another version."""


@dataclass(frozen=True)
class RunFolder:
    """One run on disk."""

    path: Path

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Replace `run.json`, wholly or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        content = json.dumps({**facts, "schema": SCHEMA}, indent=2, sort_keys=True)
        draft = self.path / f"{RUN}.draft"
        draft.write_text(content + "\n", encoding="utf-8")
        draft.replace(self.path / RUN)

    def update_facts(self, **changed: Any) -> None:
        """Replace some keys of `run.json`."""
        self.write_facts({**self.facts(), **changed})

    def facts(self) -> dict[str, Any]:
        """What `run.json` says; UnreadableRunError when it is missing, no JSON, or of another version."""
        try:
            facts = json.loads((self.path / RUN).read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise UnreadableRunError(f"{self.path / RUN}: {exc}") from None
        schema = facts.get("schema") if isinstance(facts, dict) else None
        if schema != SCHEMA:
            raise UnreadableRunError(
                f"{self.path / RUN} has schema {schema!r}, this program reads {SCHEMA!r}. "
                "Record the run again, or judge it with the version of Steadypost that recorded it."
            )
        return dict(facts)

    def note(
        self, actor: str, kind: Outcome, f: str, *, value: Mapping[str, Any] | None = None, error: str | None = None
    ) -> None:
        """Append one operation to the history; several processes may do so at a time."""
        line = {"at": time.time(), "actor": actor, "type": kind, "f": f, "value": dict(value or {}), "error": error}
        self.append(HISTORY, line)

    def append(self, name: str, line: Mapping[str, Any]) -> None:
        """Add one line to a file in one write, so that a crash cuts off at most the last one."""
        with (self.path / name).open("ab", buffering=0) as file:
            file.write(_line_of(line))

    def write_lines(self, name: str, lines: Iterable[Mapping[str, Any]]) -> int:
        """Write one JSON object a line; returns how many."""
        count = 0
        with (self.path / name).open("wb") as file:
            for line in lines:
                file.write(_line_of(line))
                count += 1
        return count

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """The objects of a file, one after the other; UnreadableRunError names a line that can't be read."""
        try:
            with (self.path / name).open(encoding="utf-8") as file:
                for number, line in enumerate(file, start=1):
                    try:
                        yield json.loads(line)
                    except ValueError:
                        raise UnreadableRunError(f"{self.path / name} line {number} is no JSON") from None
        except OSError as exc:
            raise UnreadableRunError(f"{self.path / name}: {exc.strerror}") from None

    def seal(self) -> None:
        """Write lines, bytes and SHA-256 of every file into `run.json`, so that a cut-off copy is noticed."""
        found = {name: fingerprint(self.path / name) for name in LINE_FILES if (self.path / name).exists()}
        self.update_facts(files=found)


def _line_of(line: Mapping[str, Any]) -> bytes:
    return orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)


def fingerprint(path: Path) -> dict[str, Any]:
    """Lines, bytes and SHA-256 of a file; of a packed one, those of its content."""
    digest, lines, size = hashlib.sha256(), 0, 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            lines += chunk.count(b"\n")
            size += len(chunk)
    return {"lines": lines, "bytes": size, "sha256": digest.hexdigest()}
