"""Rows of the fault matrix that no experiment on one machine shows, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Uncovered:
    """One row."""

    fault: str
    title: str
    reason: str


UNCOVERED: Final[tuple[Uncovered, ...]] = (
    Uncovered(
        fault="F27",
        title="Names of the provider that can't be resolved, or wrongly",
        reason="the stack calls its provider by address; a name would need a resolver of its own below every worker",
    ),
    Uncovered(
        fault="F35",
        title="A deployment that changes the schema while old tasks are queued",
        reason="its parts are tests: today's worker does the first version's messages, migrations are linted; "
        "messages with old signatures are among the poison of F15",
    ),
    Uncovered(
        fault="F36",
        title="The database is restored from a backup taken before the campaign",
        reason="an integration test restores in mid-campaign, is refused, reconciles and ends without a second mail; "
        "a run folder is judged by attempts, which a restored database has lost",
    ),
    Uncovered(
        fault="F42",
        title="Power failure that loses writes which were not flushed",
        reason="needs a file system that forgets on command (LazyFS, built on FUSE) under PostgreSQL and Redis",
    ),
    Uncovered(
        fault="F43",
        title="PostgreSQL fails over to a replica that lacks committed rows",
        reason="needs a replica that lags; a database that lacks what Redis saw being sent last locks itself, by tests",
    ),
    Uncovered(
        fault="F44",
        title="A TLS certificate that has expired, or a handshake that stalls",
        reason="the fake provider speaks plain HTTP; descriptors that run out are shown",
    ),
)
