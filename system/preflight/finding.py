"""One checked thing: how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What a finding means for who wants to start."""

    OK = "ok"
    WARN = "warn"  # works, and somebody should know
    FIX = "fix"  # must not start like this


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`what` is short enough for a column; `says` ends with what to do unless all is well."""

    what: str
    level: Level
    says: str
