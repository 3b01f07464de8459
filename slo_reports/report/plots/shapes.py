"""Paths in the stretching frame of 1000 x 100 units: lines that break at gaps, and areas."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH: Final = 1000
HEIGHT: Final = 100

Point = tuple[float, float]
"""Shares of both axes, the origin at the lower left."""


def line(xs: Sequence[float], ys: Sequence[float | None]) -> str:
    """The `d` of a line; a missing value breaks it, a lonely value is a short dash."""
    return "".join(_polyline(stretch) for stretch in _stretches(xs, ys))


def area(xs: Sequence[float], lows: Sequence[float | None], highs: Sequence[float | None]) -> str:
    """The `d` of the area between two lines; a missing value opens a gap."""
    floor = {x: low or 0.0 for x, low in zip(xs, lows, strict=True)}
    parts = []
    for stretch in _stretches(xs, highs):
        back = [(x, floor[x]) for x, _ in reversed(stretch)]
        parts.append("M" + "L".join(_point(point) for point in (*stretch, *back)) + "Z")
    return "".join(parts)


def _stretches(xs: Sequence[float], ys: Sequence[float | None]) -> Iterator[list[Point]]:
    points = zip(xs, ys, strict=True)
    for is_known, stretch in groupby(points, key=lambda point: point[1] is not None):
        if is_known:
            yield [(x, y) for x, y in stretch if y is not None]


def _polyline(stretch: Sequence[Point]) -> str:
    if len(stretch) == 1:
        return f"M{_point(stretch[0])}h2"
    return "M" + "L".join(_point(point) for point in stretch)


def _point(point: Point) -> str:
    return f"{point[0] * WIDTH:.6g} {(1 - point[1]) * HEIGHT:.5g}"
