"""`report.html`: one file that needs nothing else, and a pure function of the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from system.recommender.evaluation import plots, words
from system.recommender.evaluation.segments import ENOUGH_CUSTOMERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _line(arm: Mapping[str, Any]) -> dict[str, Any]:
    """One arm of the replay as a line of the plot."""
    values = [week["hits_per_1000"] for week in arm["weeks"]]
    return {"values": values, "colour": words.COLOURS[arm["name"]], "dashed": arm["cool_down"]}


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("system.recommender.evaluation", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "facts": words.facts,
    "lined": _line,
    "percent": words.percent,
    "plain": words.plain,
    "score": words.score,
    "span": words.span,
}
_ENVIRONMENT.globals |= {
    "axis": plots.axis_svg,
    "axis_end": plots.axis_end,
    "colours": words.COLOURS,
    "enough_customers": ENOUGH_CUSTOMERS,
    "headline": words.headline,
    "is_clear": words.is_clear,
    "lines": plots.lines_svg,
    "metrics": words.METRICS,
    "names": words.NAMES,
    "targets_met": words.targets_met,
    "whisker": plots.whisker_svg,
}


def page_of(report: Mapping[str, Any]) -> str:
    """The whole page; the same report always gives the same bytes."""
    css, _, _ = _ENVIRONMENT.loader.get_source(_ENVIRONMENT, "page.css")  # type: ignore[union-attr]  # given above
    template = _ENVIRONMENT.get_template("page.html.j2")
    return template.render(report=report, css=Markup(css)) + "\n"  # noqa: S704  # our own file, not a template


def write_report(report: Mapping[str, Any], *, folder: Path) -> Path:
    """`report.json` and `report.html` in a folder that is made when missing; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    page = folder / "report.html"
    page.write_text(page_of(report), encoding="utf-8")
    return page
