"""Draws a judged run: `report.json`, and from it alone the page, the summary and the JUnit file."""

from slo_reports.report.build import build_report
from slo_reports.report.writing import draw_report, write_report

__all__ = ["build_report", "draw_report", "write_report"]
