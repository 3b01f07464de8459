"""Mails per second over one experiment, on its run's own clock, with its faults as windows to shade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.contents.clock import clock_of
from slo_reports.report.contents.missing import expect, part
from slo_reports.report.contents.series import Bucketed, series_of
from slo_reports.report.numbers import amount
from slo_reports.run_folder import LEDGER, SAMPLES, RunFolder, UnreadableRunError
from slo_reports.tables import Run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from slo_reports.report.contents.clock import RunClock

LATE_BUCKETS: Final = 2

_COUNTED: Final = """
SELECT floor((received_at - $1) / $2)::BIGINT AS bucket, 'accepted', count(*) / $2 FROM ledger
WHERE kind = 'accepted' GROUP BY bucket
"""
_SAMPLED: Final = """
SELECT floor(("at" - $1) / $2)::BIGINT AS bucket, 'accepted', avg(mails_per_s) FROM samples
WHERE mails_per_s IS NOT NULL GROUP BY bucket
"""


def timeline_of(suite: Path, experiment: Mapping[str, Any], *, plot: str) -> dict[str, Any] | None:
    """As `report.json` holds one, or `{"missing": why}`; None when no run was recorded. `plot` names it on the page."""
    if experiment["run"] is None:
        return None
    try:
        with Run(RunFolder(suite / experiment["run"])) as run, run.salvaged():
            return part(run, lambda: _timeline(run, experiment, plot))
    except UnreadableRunError:
        return {"missing": f"the run folder {experiment['run']} is not beside suite.json, or can't be read."}


def _timeline(run: Run, experiment: Mapping[str, Any], plot: str) -> dict[str, Any]:
    clock = clock_of(run)
    return {
        "from_s": clock.from_s,
        "step_s": clock.step_s,
        "points": clock.points,
        "windows": [_window(fault, clock) for fault in experiment["faults"]],
        "panels": [_rate(run, clock, plot)],
    }


def _window(fault: Mapping[str, Any], clock: RunClock) -> dict[str, Any]:
    return {
        "fault": fault["fault"],
        "name": fault["name"],
        "from_s": clock.since_start_s(fault["injected_at"]),
        "to_s": clock.since_start_s(fault["healed_at"]),
    }


def _rate(run: Run, clock: RunClock, plot: str) -> dict[str, Any]:
    limit = (run.facts.get("campaign") or {}).get("mails_per_s")
    return {
        "id": plot,
        "title": "Mails accepted by the provider",
        "unit": "mails/s",
        "kind": "area",
        "reference": None if limit is None else {"label": f"limit {amount(limit, 'mails/s')}", "value": limit},
        "series": _accepted(run, clock),
    }


def _accepted(run: Run, clock: RunClock) -> list[dict[str, Any]]:
    """By the provider's receipts; where they were not kept, by the sampler, whose seconds are not quite seconds."""
    axis = [clock.first_at, clock.step_s]
    try:
        expect(run, LEDGER)
    except UnreadableRunError:
        expect(run, SAMPLES)
        rows = run.rows(_SAMPLED, axis, uses=[SAMPLES])
        return series_of(Bucketed(rows, clock, carried=LATE_BUCKETS), order=("accepted",))
    return series_of(Bucketed(run.rows(_COUNTED, axis, uses=[LEDGER]), clock), order=("accepted",), gap=0)
