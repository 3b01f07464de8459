"""The timeline: small multiples over one time axis, with the fault windows shaded through all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.numbers import amount, clock, plain
from slo_reports.report.plots import scales, shapes
from slo_reports.report.plots.frame import Frame, Tick, Window, draw, path
from slo_reports.report.plots.states import state_marks

if TYPE_CHECKING:
    from markupsafe import Markup

LABEL_ROOM: Final = 1.12
"""Above a reference line, its label needs a place."""

Panel = Mapping[str, Any]

HEIGHTS_PX: Final = {"states": 26, "area": 112, "stack": 124, "lines": 112}


@dataclass(frozen=True)
class Axis:
    """The time axis that all panels share."""

    from_s: float
    step_s: float
    points: int

    @property
    def to_s(self) -> float:
        """The end of the last bucket."""
        return self.from_s + self.step_s * self.points

    def share(self, at_s: float) -> float:
        """Where a moment stands."""
        return min(1.0, max(0.0, (at_s - self.from_s) / (self.to_s - self.from_s)))

    def xs(self) -> list[float]:
        """The middle of every bucket."""
        return [round((place + 0.5) / self.points, 6) for place in range(self.points)]

    def ticks(self) -> list[Tick]:
        """Round moments."""
        return [(self.share(at_s), clock(at_s)) for at_s in scales.clock_ticks(self.from_s, self.to_s)]


def axis_of(timeline: Mapping[str, Any]) -> Axis:
    """The axis as the report gives it."""
    return Axis(timeline["from_s"], timeline["step_s"], timeline["points"])


def windows_of(timeline: Mapping[str, Any]) -> list[Window]:
    """What is shaded; a fault that never healed reaches to the end."""
    axis = axis_of(timeline)
    return [
        (axis.share(window["from_s"]), 1.0 if window["to_s"] is None else axis.share(window["to_s"]))
        for window in timeline["windows"]
    ]


def panel_svg(panel: Panel, timeline: Mapping[str, Any], *, is_last: bool) -> Markup:
    """One panel; the last one carries the labels of the time axis."""
    axis = axis_of(timeline)
    y = None if panel["kind"] == "states" else _scale_of(panel)
    reference = panel.get("reference")
    frame = Frame(
        id=panel["id"],
        title=panel["title"],
        says=says_of(panel),
        height_px=HEIGHTS_PX[panel["kind"]],
        y_ticks=[] if y is None else [(y.place(tick), plain(tick)) for tick in y.ticks],
        x_ticks=axis.ticks(),
        windows=windows_of(timeline),
        references=[(y.place(reference["value"]), reference["label"])] if reference and y else [],
        labels_x=is_last,
        marks=state_marks(panel["series"], axis) if y is None else (),
    )
    return draw(frame, [] if y is None else _DRAWN[panel["kind"]](panel, axis.xs(), y))


def says_of(panel: Panel) -> str:
    """The plot in words: the highest value of every series."""
    if panel["kind"] == "states":
        seen = {value for series in panel["series"] for value in series["values"] if value}
        return f"States seen: {', '.join(sorted(seen)) or 'none'}."
    tops = [f"{series['name']} at most {amount(top_of(series), panel['unit'])}" for series in panel["series"]]
    return f"{'; '.join(tops) or 'No values'}."


def top_of(series: Mapping[str, Any]) -> float | None:
    """The highest value."""
    return max((value for value in series["values"] if value is not None), default=None)


def _scale_of(panel: Panel) -> scales.Scale:
    values = [value for series in panel["series"] for value in series["values"] if value is not None]
    reference = (panel.get("reference") or {}).get("value")
    if panel.get("scale") == "log":
        return scales.logarithmic(values)
    if panel["kind"] == "stack":
        values = [sum(value or 0 for value in moment) for moment in _moments(panel["series"])]
    return scales.linear(max([*values, (reference or 0) * LABEL_ROOM], default=0) or 1)


def _moments(series: Sequence[Mapping[str, Any]]) -> list[tuple[float | None, ...]]:
    return list(zip(*(each["values"] for each in series), strict=True))


def _areas(panel: Panel, xs: Sequence[float], y: scales.Scale) -> list[Markup]:
    drawn = []
    for place, series in enumerate(panel["series"], start=1):
        ys = _places(series["values"], y)
        drawn.append(path("area", f"s{place}", shapes.area(xs, [0.0] * len(xs), ys)))
        drawn.append(path("line", f"s{place}", shapes.line(xs, ys)))
    return drawn


def _stack(panel: Panel, xs: Sequence[float], y: scales.Scale) -> list[Markup]:
    drawn = []
    below: list[float] = [0.0] * len(xs)
    for place, series in enumerate(panel["series"], start=1):
        above = [low + (value or 0) for low, value in zip(below, series["values"], strict=True)]
        known = [None if value is None else top for value, top in zip(series["values"], above, strict=True)]
        drawn.append(path("layer", f"s{place}", shapes.area(xs, _places(below, y), _places(known, y))))
        below = above
    return drawn


def _lines(panel: Panel, xs: Sequence[float], y: scales.Scale) -> list[Markup]:
    return [
        path("line", f"s{place}", shapes.line(xs, _places(series["values"], y)))
        for place, series in enumerate(panel["series"], start=1)
    ]


def _places(values: Sequence[float | None], y: scales.Scale) -> list[float | None]:
    return [None if value is None else y.place(value) for value in values]


_DRAWN: Final = {"area": _areas, "stack": _stack, "lines": _lines}
