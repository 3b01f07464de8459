"""Verdicts as JSON: the objectives with their measures, the invariants with their evidence."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.verdict import Kind, Verdict

MAX_IDS: Final = 50


def verdicts_of(verdicts: Sequence[Verdict], kind: Kind) -> list[dict[str, Any]]:
    """In the order in which they were judged."""
    return [verdict_of(verdict) for verdict in verdicts if verdict.kind is kind]


def verdict_of(verdict: Verdict) -> dict[str, Any]:
    """One verdict; at most 50 ids of evidence."""
    measure = asdict(verdict.measure) if verdict.measure else None
    if measure and measure["interval"] is not None:
        measure["interval"] = list(measure["interval"])
    return {
        "id": verdict.id,
        "name": verdict.name,
        "status": verdict.status.value,
        "says": verdict.says,
        "promise": verdict.promise,
        "measure": measure,
        "evidence": list(verdict.evidence[:MAX_IDS]),
        "sources": list(verdict.sources),
    }
