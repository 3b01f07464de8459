"""`report.json`: everything that the page, the summary and the JUnit file show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.quantities import QUANTITIES
from slo_reports.report.contents.clock import clock_of
from slo_reports.report.contents.faults import faults_of
from slo_reports.report.contents.latency import latency_of
from slo_reports.report.contents.limits import limits_of, skipped_of
from slo_reports.report.contents.load import load_of
from slo_reports.report.contents.missing import damage_of, part
from slo_reports.report.contents.mode import mode_of
from slo_reports.report.contents.outcome import outcome_of
from slo_reports.report.contents.provenance import durations_of, files_of, provenance_of
from slo_reports.report.contents.reconciliation import reconciliation_of
from slo_reports.report.contents.recovery import recovery_of
from slo_reports.report.contents.timeline import timeline_of
from slo_reports.report.contents.verdicts import verdicts_of
from slo_reports.run_folder import HISTORY, JOBS, LEDGER, REQUESTS
from slo_reports.verdict import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slo_reports.compare import Comparison
    from slo_reports.tables import Run
    from slo_reports.verdict import Verdict

SCHEMA: Final = "steadypost-report/1"
TREND_RUNS: Final = 10

Report = dict[str, Any]


def build_report(
    run: Run,
    verdicts: Sequence[Verdict],
    *,
    baseline: Comparison | None = None,
    trend: Sequence[Mapping[str, Any]] = (),
) -> Report:
    """Plain JSON; a part that the run folder does not hold is `{"missing": why}`.

    `trend` are the lines of the history, oldest first and this run's own last.
    """
    with run.salvaged():
        parts = _parts(run)
    return {
        "schema": SCHEMA,
        "verdict": outcome_of(run.facts, verdicts),
        **parts,
        "slos": verdicts_of(verdicts, Kind.OBJECTIVE),
        "invariants": verdicts_of(verdicts, Kind.INVARIANT),
        "baseline": None if baseline is None else _baseline(baseline),
        "trend": {
            "units": {quantity.name: quantity.unit for quantity in QUANTITIES},
            "runs": [dict(line) for line in trend[-TREND_RUNS:]],
        },
        "skipped": skipped_of(verdicts),
        "damage": damage_of(run),
        "limits": limits_of(run.facts, verdicts, parts),
    }


def _parts(run: Run) -> dict[str, Any]:
    """What is read from the run alone, whatever the verdicts say."""
    facts = run.facts
    durations = durations_of(facts)
    return {
        "mode": mode_of(facts),
        "provenance": provenance_of(facts),
        "environment": facts.get("environment") or {},
        "settings": facts.get("settings") or {},
        "durations": durations,
        "not_scaled": [row for row in durations if not row["scaled"]],
        "quiescence": facts.get("quiescence") or {},
        "files": files_of(facts),
        **_over_time(run),
        "latency": part(run, lambda: latency_of(run)),
        "reconciliation": part(run, lambda: reconciliation_of(run), needs=[LEDGER, JOBS]),
        "load": part(run, lambda: load_of(run), needs=[REQUESTS]),
    }


def _baseline(comparison: Comparison) -> dict[str, Any]:
    return {
        "run_id": comparison.baseline_id,
        "rows": [dict(row) for row in comparison.rows],
        "differences": list(comparison.differences),
    }


def _over_time(run: Run) -> dict[str, Any]:
    """Faults, recovery and timeline stand on the same clock."""
    clock = part(run, lambda: {"clock": clock_of(run)})
    if "missing" in clock:
        return {"faults": clock, "recovery": clock, "timeline": clock}
    faults = part(run, lambda: {"injections": faults_of(run, clock["clock"])}, needs=[HISTORY])
    injections = faults.get("injections", [])
    return {
        "faults": faults,
        "recovery": part(run, lambda: recovery_of(run, clock["clock"], injections), needs=[HISTORY]),
        "timeline": part(run, lambda: timeline_of(run, clock["clock"], injections)),
    }
