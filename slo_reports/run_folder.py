"""The folder of one run: the one contract between what records a run and what judges it.

run.json                what was run, on what, with which settings; written at the start, completed at the end
provider-ledger.jsonl   what the provider accepted or rejected, as the provider saw it; addresses left out
jobs.jsonl              every job as the database left it
attempts.jsonl          every attempt with its intent and its outcome
samples.jsonl           once a second: jobs by state, queue depths
logs/                   what the processes printed
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SCHEMA = "steadypost-run/1"

RUN = "run.json"
LEDGER = "provider-ledger.jsonl"
JOBS = "jobs.jsonl"
ATTEMPTS = "attempts.jsonl"
SAMPLES = "samples.jsonl"
LOGS = "logs"


class UnreadableRunError(Exception):
    """Raised when a run folder is cut off, corrupt, or of another version."""


@dataclass(frozen=True)
class RunFolder:
    """One run on disk."""

    path: Path

    def write_facts(self, facts: dict[str, Any]) -> None:
        """Replace `run.json`."""
        self.path.mkdir(parents=True, exist_ok=True)
        content = json.dumps({"schema": SCHEMA, **facts}, indent=2, sort_keys=True)
        (self.path / RUN).write_text(content + "\n", encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """What `run.json` says; UnreadableRunError when it is missing or of another version."""
        try:
            facts: dict[str, Any] = json.loads((self.path / RUN).read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise UnreadableRunError(f"{self.path / RUN}: {exc}") from None
        if facts.get("schema") != SCHEMA:
            raise UnreadableRunError(
                f"{self.path / RUN} has schema {facts.get('schema')!r}, this program reads {SCHEMA}"
            )
        return facts

    def write_lines(self, name: str, lines: Iterable[dict[str, Any]]) -> int:
        """Write one JSON object a line; returns how many."""
        count = 0
        with (self.path / name).open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, separators=(",", ":"), default=str) + "\n")
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
