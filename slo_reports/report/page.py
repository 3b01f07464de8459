"""`report.html`: one file that needs nothing else, and a pure function of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from slo_reports.report import numbers, readings
from slo_reports.report.plots.bullet import bullet_svg
from slo_reports.report.plots.latency import latency_svg
from slo_reports.report.plots.states import bars
from slo_reports.report.plots.timeline import axis_of, panel_svg, top_of, windows_of
from slo_reports.report.plots.trend import trend_svg
from slo_reports.report.rows import ended, flat, groups, moments, spoken, trend_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

TONES: Final = {"met": "met", "missed": "missed", "violated": "missed"}
"""Which of the three marks an outcome bears; every other one is unknown."""

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("slo_reports.report", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "amount": numbers.amount,
    "clock": numbers.clock,
    "counted": numbers.counted,
    "duration": numbers.duration,
    "flat": flat,
    "groups": groups,
    "moment": numbers.moment,
    "parted": numbers.parted,
    "plain": numbers.plain,
    "script": readings.script,
    "sentence": numbers.sentence,
    "spoken": spoken,
    "top": top_of,
    "words": numbers.words,
}
_ENVIRONMENT.globals |= {
    "axis_of": axis_of,
    "bars": bars,
    "bullet": bullet_svg,
    "ended": ended,
    "latency_plot": latency_svg,
    "moments": moments,
    "panel_plot": panel_svg,
    "readings_of_latency": readings.of_latency,
    "readings_of_timeline": readings.of_timeline,
    "span": numbers.span,
    "trend_numbers": trend_numbers,
    "trend_plot": trend_svg,
    "windows_of": windows_of,
}


def page_of(report: Mapping[str, Any]) -> str:
    """The whole page; the same report always gives the same bytes."""
    template = _ENVIRONMENT.get_template("page.html.j2")
    tone = TONES.get(report["verdict"]["outcome"], "unknown")
    return template.render(report=report, tone=tone, css=_plain_file("page.css"), js=_plain_file("page.js")) + "\n"


def _plain_file(name: str) -> Markup:
    source, _, _ = _ENVIRONMENT.loader.get_source(_ENVIRONMENT, name)  # type: ignore[union-attr]  # it was given above
    return Markup(source)  # noqa: S704  # our own file, not a template
