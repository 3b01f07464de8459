"""I16: nothing that was written down holds an address of a person, a key or a password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, unknown, zero_tolerance
from slo_reports.run_folder import LOGS, RUN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slo_reports.tables import Run

PATTERNS: Final[dict[str, re.Pattern[bytes]]] = {
    "an address": re.compile(rb"[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}\b"),
    "an API key": re.compile(rb"\bSG\.[\w-]{8,}"),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a bearer token": re.compile(rb"(?i)\bbearer\s+[\w.~+/-]{8,}"),
    "a password in a URL": re.compile(rb"://[^\s:/@*]*:[^\s/@*]+@"),
}
# Cheaper than the patterns, and few lines have one of them.
_HINTS: Final = re.compile(rb"@|SG\.|PRIVATE KEY|(?i:bearer)")
_MOST_LINES: Final = 50


@invariant(
    "I16",
    "no_secrets_or_addresses_in_output",
    promise="No address, key, token or password appears in a log or in the recorded settings.",
    sources=(RUN, LOGS),
)
def check_secrets(run: Run) -> Finding:
    """Names where something was found and what kind it is, never the thing itself; the sender's own address may be."""
    files = [run.folder.path / RUN, *sorted(p for p in (run.folder.path / LOGS).rglob("*") if p.is_file())]
    if len(files) == 1:
        return unknown("there are no logs to look through")
    allowed = _own_address(run)
    found: list[str] = []
    lines = 0
    for path in files:
        for number, line in _lines(path):
            lines += 1
            found += [f"{path.name} line {number}: {what}" for what in _kinds(line, allowed)]
    return zero_tolerance(
        found=len(found),
        n=lines,
        unit="lines that hold a secret or an address",
        says=f"{len(found):,} findings in {lines:,} lines of {len(files)} files",
        evidence=found[:_MOST_LINES],
    )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        yield from enumerate(file, start=1)


def _kinds(line: bytes, allowed: bytes) -> list[str]:
    if not _HINTS.search(line):
        return []
    return [
        what
        for what, pattern in PATTERNS.items()
        if any(found.group().lower() != allowed for found in pattern.finditer(line))
    ]


def _own_address(run: Run) -> bytes:
    settings = run.facts.get("settings") or {}
    return str(settings.get("STEADYPOST_FROM_EMAIL", settings.get("from_email", ""))).lower().encode()
