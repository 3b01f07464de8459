"""The latency distribution: percentiles on an axis that gives every further nine the same room."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.numbers import amount, counted, plain
from slo_reports.report.plots import scales, shapes
from slo_reports.report.plots.frame import Frame, draw, path

if TYPE_CHECKING:
    from markupsafe import Markup

HEIGHT_PX: Final = 260
DECADES: Final = 4
MARKED: Final = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99)

Curve = Mapping[str, Any]


def latency_svg(latency: Mapping[str, Any]) -> Markup:
    """One line per curve; it ends where its sample size ends."""
    curves = latency["curves"]
    y = scales.logarithmic([value for curve in curves for _, value in curve["drawn"]])
    frame = Frame(
        id="latency",
        title="Latency by percentile",
        says=_says(curves),
        height_px=HEIGHT_PX,
        y_ticks=[(y.place(tick), plain(tick)) for tick in y.ticks],
        x_ticks=[(rank_place(rank), f"{plain(rank, digits=4)}") for rank in MARKED],
        labels_x=True,
    )
    return draw(frame, [_curve(curve, place, y) for place, curve in enumerate(curves, start=1)])


def rank_place(percent: float) -> float:
    """0, 90, 99, 99.9 and 99.99 stand at equal distances."""
    left = 1 - percent / 100
    return 1.0 if left <= 0 else min(1.0, -math.log10(left) / DECADES)


def ranks_of(curves: Sequence[Curve]) -> list[float]:
    """The percentiles of the longest curve."""
    longest = max(curves, key=lambda curve: len(curve["drawn"]))
    return [rank for rank, _ in longest["drawn"]]


def _curve(curve: Curve, place: int, y: scales.Scale) -> Markup:
    xs = [rank_place(rank) for rank, _ in curve["drawn"]]
    return path("line", f"s{place}", shapes.line(xs, [y.place(value) for _, value in curve["drawn"]]))


def _says(curves: Sequence[Curve]) -> str:
    return " ".join(f"{curve['title']} {curve['means']}: {_ends(curve)}." for curve in curves)


def _ends(curve: Curve) -> str:
    known = [each for each in curve["percentiles"] if each["value"] is not None]
    ends = [f"p{plain(each['p'], digits=4)} {amount(each['value'], 'ms')}" for each in known]
    return f"{', '.join(ends)} of {counted(curve['n'], 'sample')}"
