"""Inline SVG drawn by hand: intervals as dot and whisker, and weeks as lines.

Everything stands at percentages of the width, or in a frame that stretches, so that no letter is ever distorted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Interval = Mapping[str, float]

ROW_PX: Final = 22
LINES_PX: Final = 220
STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
TICKS: Final = 5


def axis_end(intervals: Iterable[Interval | None]) -> float:
    """Where an axis that begins at 0 ends, so that all of them fit; a round number."""
    most = max((interval["high"] for interval in intervals if interval), default=0.0)
    return ticks(most)[-1]


def ticks(most: float) -> list[float]:
    """Round numbers from 0 to at least `most`, about five of them."""
    if most <= 0:
        return [0.0, 1.0]
    size = 10 ** math.floor(math.log10(most / TICKS))
    step = next(size * times for times in STEPS if size * times * TICKS >= most * (1 - 1e-9))
    return [step * at for at in range(math.ceil(most / step - 1e-9) + 1)]


def whisker_svg(interval: Interval | None, *, end: float, colour: str, mark: float | None = None) -> Markup:
    """One value with its interval on an axis from 0 to `end`; `mark` is a line that it should reach."""
    if interval is None:
        return Markup("")
    places = {name: _share(value, end) for name, value in interval.items()}
    target = Markup('<line class="threshold" x1="{x}" x2="{x}" y1="1" y2="21"/>').format(x=_share(mark, end))
    return Markup(
        '<svg class="whisker {colour}" width="100%" height="{px}" aria-hidden="true">'
        '<line class="track" x1="0" x2="100%" y1="11" y2="11"/>'
        '<line class="interval" x1="{low}" x2="{high}" y1="11" y2="11"/>{target}'
        '<circle class="value" cx="{value}" cy="11" r="5"/></svg>'
    ).format(colour=colour, px=ROW_PX, target=Markup("") if mark is None else target, **places)


def axis_svg(end: float) -> Markup:
    """The numbers below a column of whiskers."""
    marks = ticks(end)
    places = [marks[0], marks[len(marks) // 2], marks[-1]] if len(marks) > TICKS // 2 else marks
    texts = Markup("").join(
        Markup('<text x="{x}" y="12" text-anchor="{anchor}">{text}</text>').format(
            x=_share(place, end), anchor=_anchor(place / end), text=f"{place:g}"
        )
        for place in places
    )
    return Markup('<svg class="axis" width="100%" height="16" aria-hidden="true">{texts}</svg>').format(texts=texts)


def lines_svg(lines: Sequence[Mapping[str, Any]], *, labels: Sequence[str], title: str) -> Markup:
    """Lines of one value per label; each has `values`, `colour`, and `dashed`."""
    end = ticks(max((value for line in lines for value in line["values"]), default=0.0))[-1]
    grid = Markup("").join(_grid(tick, end) for tick in ticks(end))
    paths = Markup("").join(_path(line, end) for line in lines)
    first_to_last = Markup(
        '<text x="0" y="{y}">{first}</text><text x="100%" y="{y}" text-anchor="end">{last}</text>'
    ).format(y=LINES_PX + 17, first=labels[0], last=labels[-1])
    return Markup(
        '<svg class="plot" role="img" aria-label="{title}" width="100%" height="{full}">{grid}'
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="{px}">{paths}</svg>{labels}</svg>'
    ).format(title=title, full=LINES_PX + 22, px=LINES_PX, grid=grid, paths=paths, labels=first_to_last)


def _grid(tick: float, end: float) -> Markup:
    y = f"{LINES_PX * (1 - tick / end):.4g}"
    return Markup(
        '<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        '<text x="-7" y="{y}" dy="0.32em" text-anchor="end">{text}</text>'
    ).format(y=y, text=f"{tick:g}")


def _path(line: Mapping[str, Any], end: float) -> Markup:
    values = line["values"]
    across = 100 / max(len(values) - 1, 1)
    points = " L".join(f"{at * across:.4g} {100 * (1 - value / end):.4g}" for at, value in enumerate(values))
    return Markup('<path class="line {colour}{dashed}" d="M{points}"/>').format(
        colour=line["colour"], dashed=" dashed" if line["dashed"] else "", points=points
    )


def _share(value: float | None, end: float) -> str:
    return f"{100 * min(1.0, max(0.0, (value or 0.0) / end)):.4g}%"


def _anchor(share: float) -> str:
    edge = 0.02
    return "start" if share < edge else "end" if share > 1 - edge else "middle"
