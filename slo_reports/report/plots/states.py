"""Bars on the time axis: the states of a breaker, the windows of faults, the stages of a load."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from slo_reports.report.numbers import clock
from slo_reports.report.plots.frame import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slo_reports.report.plots.timeline import Axis

BAR_PX: Final = 22
THIN_PX: Final = 4
QUIET: Final = "closed"


def state_marks(series: Sequence[Mapping[str, Any]], axis: Axis) -> list[Markup]:
    """A thin bar while the state is closed, a full one while it is anything else: height tells, not colour alone."""
    marks = []
    for each in series:
        place = 0
        for state, stretch in groupby(each["values"]):
            count = len(list(stretch))
            if state is not None:
                marks.append(_state(state, place / axis.points, count / axis.points))
            place += count
    return marks


def bars(windows: Sequence[Mapping[str, Any]], axis: Axis, *, kind: str) -> Markup:
    """A lane of named bars; a name that does not fit is cut off and stands in the list beside it."""
    return Markup("").join(_bar(window, axis, kind) for window in windows)


def _state(state: str, x: float, width: float) -> Markup:
    if state == QUIET:
        return Markup('<rect class="quiet" x="{x}" width="{w}" y="{y}" height="{h}"/>').format(
            x=percent(x), w=percent(width), y=BAR_PX - THIN_PX, h=THIN_PX
        )
    return _named_bar(state, state, x=x, width=width, kind="open" if state == "open" else "fault")


def _bar(window: Mapping[str, Any], axis: Axis, kind: str) -> Markup:
    end_s = axis.to_s if window["to_s"] is None else window["to_s"]
    x = axis.share(window["from_s"])
    name = window.get("fault") or window["name"]
    title = f"{name} {clock(window['from_s'])} to {clock(end_s)}"
    return _named_bar(name, title, x=x, width=axis.share(end_s) - x, kind=kind)


def _named_bar(name: str, title: str, *, x: float, width: float, kind: str) -> Markup:
    return Markup(
        '<svg class="bar {kind}" x="{x}" width="{w}" y="0" height="{px}"><title>{title}</title>'
        '<rect width="100%" height="100%" rx="3"/><text x="6" y="{middle}" dy="0.35em">{name}</text></svg>'
    ).format(
        kind=kind, x=percent(x), w=percent(max(width, 0.004)), px=BAR_PX, middle=BAR_PX / 2, name=name, title=title
    )
