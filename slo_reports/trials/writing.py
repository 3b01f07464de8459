"""Writes a suite's page, summary and JUnit file beside its `suite.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo_reports.report.writing import JUNIT, PAGE, SUMMARY
from slo_reports.trials.filled import filled
from slo_reports.trials.junit import junit_of
from slo_reports.trials.page import page_of
from slo_reports.trials.summary import summary_of

if TYPE_CHECKING:
    from pathlib import Path

    from slo_reports.trials.suite import SuiteFolder


def write_suite_report(folder: SuiteFolder) -> Path:
    """Write all three, replacing what was there; returns the page's path.

    UnreadableRunError when `suite.json` can't be read; then nothing is written.
    """
    suite = filled(folder.read())
    page = folder.path / PAGE
    page.write_text(page_of(suite, folder.path), encoding="utf-8")
    (folder.path / SUMMARY).write_text(summary_of(suite), encoding="utf-8")
    (folder.path / JUNIT).write_bytes(junit_of(suite))
    return page
