"""Where a run comes from: code, seed, command, machine, settings, durations, and the files it left."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def provenance_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a reviewer needs to run it again."""
    git = facts.get("git") or {}
    return {
        "run_id": str(facts.get("run_id") or "unnamed run"),
        "profile": facts.get("profile"),
        "state": facts.get("state"),
        "reason": facts.get("reason"),
        "git_sha": git.get("sha"),
        "git_dirty": git.get("dirty"),
        "seed": facts.get("seed"),
        "command": facts.get("command"),
        "lock_sha256": facts.get("lock_sha256"),
        "started": facts.get("started"),
        "finished": facts.get("finished"),
        "took_s": _between_s(facts.get("started"), facts.get("finished")),
    }


def durations_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every duration as in production and as here, whether it was scaled or not."""
    return [
        {
            "name": str(row.get("name")),
            "production": row.get("production"),
            "here": row.get("here"),
            "scaled": bool(row.get("scaled")),
        }
        for row in facts.get("durations") or []
    ]


def files_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sealed files of the run folder."""
    return [
        {"name": name, "lines": found.get("lines"), "bytes": found.get("bytes"), "sha256": found.get("sha256")}
        for name, found in sorted((facts.get("files") or {}).items())
    ]


def _between_s(started: str | None, finished: str | None) -> float | None:
    try:
        span = datetime.fromisoformat(str(finished)) - datetime.fromisoformat(str(started))
    except (ValueError, TypeError):
        return None
    return round(span.total_seconds(), 1)
