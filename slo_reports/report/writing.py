"""Writes the four files of a report: the JSON first, the other three from it alone."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.build import build_report
from slo_reports.report.junit import junit_of
from slo_reports.report.page import page_of
from slo_reports.report.schema import validate
from slo_reports.report.summary import summary_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from slo_reports.compare import Comparison
    from slo_reports.tables import Run
    from slo_reports.verdict import Verdict

JSON: Final = "report.json"
PAGE: Final = "report.html"
SUMMARY: Final = "summary.md"
JUNIT: Final = "junit.xml"


def write_report(
    run: Run,
    verdicts: Sequence[Verdict],
    *,
    out: Path,
    baseline: Comparison | None = None,
    trend: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write all four into the folder `out`, replacing what was there; returns the page's path.

    `trend` are the history's lines, oldest first and this run's own last. InvalidReportError when the report does
    not fit its own schema; then nothing is written.
    """
    report = build_report(run, verdicts, baseline=baseline, trend=trend)
    text = json.dumps(_finite(report), allow_nan=False, ensure_ascii=False, default=str)
    plain = json.loads(text)
    validate(plain)
    out.mkdir(parents=True, exist_ok=True)
    (out / JSON).write_text(text + "\n", encoding="utf-8")
    return draw_report(plain, out=out)


def draw_report(report: Mapping[str, Any], *, out: Path) -> Path:
    """Page, summary and JUnit file of a `report.json` that exists; returns the page's path."""
    (out / SUMMARY).write_text(summary_of(report), encoding="utf-8")
    (out / JUNIT).write_bytes(junit_of(report))
    (out / PAGE).write_text(page_of(report), encoding="utf-8")
    return out / PAGE


def _finite(value: Any) -> Any:
    """JSON knows no infinity: an unbounded number is null."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
