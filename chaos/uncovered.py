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
        fault="F42",
        title="Power failure that loses writes which were not flushed",
        reason="needs a file system that forgets on command (LazyFS, built on FUSE) under PostgreSQL and Redis",
    ),
    Uncovered(
        fault="F43",
        title="PostgreSQL fails over to a replica that lacks committed rows",
        reason="not survivable without asking the provider: a lost intent is sent again. See docs/decisions",
    ),
)
