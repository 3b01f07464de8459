"""`report.html` of a suite: one file that needs nothing else, in the dress of the SLO report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from slo_reports.report import numbers, readings
from slo_reports.report.contents.provenance import provenance_of
from slo_reports.report.plots.states import bars
from slo_reports.report.plots.timeline import axis_of, panel_svg, top_of
from slo_reports.report.rows import groups
from slo_reports.trials import rows
from slo_reports.trials.conclusion import outcomes_of, sentence_of, suite_exit_code, sums_of, tone_of
from slo_reports.trials.filled import reason_of
from slo_reports.trials.limits import limits_of
from slo_reports.trials.timeline import timeline_of
from slo_reports.verdict import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_CHARS: Final = 1_500
TONES: Final = {ExitCode.MET: "met", ExitCode.VIOLATED: "missed"}

_ENVIRONMENT: Final = Environment(
    loader=ChoiceLoader([
        PackageLoader("slo_reports.trials", "templates"),
        PackageLoader("slo_reports.report", "templates"),
    ]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip
_ENVIRONMENT.filters |= {
    "amount": numbers.amount,
    "clock": numbers.clock,
    "counted": numbers.counted,
    "duration": numbers.duration,
    "groups": groups,
    "moment": numbers.moment,
    "plain": numbers.plain,
    "script": readings.script,
    "sentence": numbers.sentence,
    "signed": rows.signed,
    "time_of_day": rows.time_of_day,
    "tone": tone_of,
    "top": top_of,
    "words": numbers.words,
}
_ENVIRONMENT.globals |= {
    "axis_of": axis_of,
    "bars": bars,
    "beside_control": rows.beside_control,
    "checkers_of": rows.checkers_of,
    "costs_of": rows.costs_of,
    "hits_of": rows.hits_of,
    "kills_of": rows.kills_of,
    "not_shown": rows.not_shown,
    "outcomes_of": outcomes_of,
    "panel_plot": panel_svg,
    "reason_of": reason_of,
    "readings_of_timeline": readings.of_timeline,
    "recovery_of": rows.recovery_of,
    "took_longer": rows.took_longer,
}


def page_of(suite: dict[str, Any], folder: Path) -> str:
    """The whole page; the same suite and run folders always give the same bytes."""
    suite = _bounded(suite)
    code = suite_exit_code(suite)
    return (
        _ENVIRONMENT.get_template("suite.html.j2").render(
            suite=suite,
            sentence=sentence_of(suite),
            exit_code=int(code),
            tone=TONES.get(code, "unknown"),
            sums=sums_of(suite),
            control=rows.control_of(suite),
            limits=limits_of(suite),
            took_s=provenance_of(suite)["took_s"],
            timelines=_timelines(suite, folder),
            css=_plain_file("page.css") + _plain_file("suite.css"),
            js=_plain_file("page.js"),
        )
        + "\n"
    )


def _timelines(suite: Mapping[str, Any], folder: Path) -> dict[str, dict[str, Any] | None]:
    return {
        each["name"]: timeline_of(folder, each, plot=f"mails-{place}")
        for place, each in enumerate(suite["experiments"], start=1)
    }


def _bounded(value: Any) -> Any:
    """Endless texts are cut off, so that no log line in a reason makes a page that can't be opened."""
    if isinstance(value, dict):
        return {_bounded(key): _bounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_bounded(inner) for inner in value]
    is_long = isinstance(value, str) and len(value) > MAX_CHARS
    return f"{value[:MAX_CHARS]}\N{HORIZONTAL ELLIPSIS}" if is_long else value


def _plain_file(name: str) -> Markup:
    source, _, _ = _ENVIRONMENT.loader.get_source(_ENVIRONMENT, name)  # type: ignore[union-attr]  # it was given above
    return Markup(source)  # noqa: S704  # our own file, not a template
