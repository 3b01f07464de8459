"""The frame of a plot: gridlines and ticks, shaded windows, reference lines, and the nested frame for the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from slo_reports.report.plots.shapes import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EDGE: Final = 0.02

Tick = tuple[float, str]
"""A share of the axis and what stands there."""
Window = tuple[float, float]
"""Two shares of the x axis."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Everything around the data; `id` names the plot for its title and for the script that shows values."""

    id: str
    title: str
    says: str
    height_px: int
    y_ticks: Sequence[Tick] = ()
    x_ticks: Sequence[Tick] = ()
    windows: Sequence[Window] = ()
    references: Sequence[Tick] = ()
    labels_x: bool = False
    marks: Sequence[Markup] = field(default=())


def draw(frame: Frame, data: Iterable[Markup]) -> Markup:
    """One SVG element; its text alternative is its title and description."""
    label = Markup('<title id="{id}-t">{title}</title><desc id="{id}-d">{says}</desc>').format(
        id=frame.id, title=frame.title, says=frame.says
    )
    body = Markup("").join((
        *(_window(window, frame) for window in frame.windows),
        *(_row(tick, frame) for tick in frame.y_ticks),
        *(_column(tick, frame) for tick in frame.x_ticks),
        Markup('<svg viewBox="0 0 {w} {h}" preserveAspectRatio="none" width="100%" height="{px}">').format(
            w=WIDTH, h=HEIGHT, px=frame.height_px
        ),
        *data,
        Markup("</svg>"),
        *(_reference(tick, frame) for tick in frame.references),
        *frame.marks,
        Markup('<line class="cross" x1="0" x2="0" y1="0" y2="{px}"/>').format(px=frame.height_px),
    ))  # fmt: skip
    below = 20 if frame.labels_x else 0
    return Markup(
        '<svg class="plot" data-plot="{id}" role="img" aria-labelledby="{id}-t {id}-d" width="100%" '
        'height="{px}">{label}{body}</svg>'
    ).format(id=frame.id, px=frame.height_px + below, label=label, body=body)


def path(kind: str, colour: str, d: str) -> Markup:
    """A line or an area in one of the series colours."""
    return Markup('<path class="{kind} {colour}" d="{d}"/>').format(kind=kind, colour=colour, d=d)


def percent(share: float) -> str:
    """A place on the x axis."""
    return f"{share * 100:.4g}%"


def anchor(share: float) -> str:
    """Text at an edge stays inside the plot."""
    return "start" if share < EDGE else "end" if share > 1 - EDGE else "middle"


def _window(window: Window, frame: Frame) -> Markup:
    return Markup('<rect class="window" x="{x}" y="0" width="{w}" height="{px}"/>').format(
        x=percent(window[0]), w=percent(max(window[1] - window[0], 0.002)), px=frame.height_px
    )


def _row(tick: Tick, frame: Frame) -> Markup:
    y = _y(tick[0], frame)
    return Markup(
        '<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/><text class="tick" x="-7" y="{y}" dy="0.32em" '
        'text-anchor="end">{text}</text>'
    ).format(y=y, text=tick[1])


def _column(tick: Tick, frame: Frame) -> Markup:
    x = percent(tick[0])
    mark = Markup('<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{px}"/>').format(x=x, px=frame.height_px)
    if not frame.labels_x:
        return mark
    return mark + Markup('<text class="tick" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>').format(
        x=x, y=frame.height_px + 15, anchor=anchor(tick[0]), text=tick[1]
    )


def _reference(tick: Tick, frame: Frame) -> Markup:
    y = _y(tick[0], frame)
    return Markup(
        '<line class="reference" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        '<text class="reference" x="100%" y="{y}" dy="-4" text-anchor="end">{text}</text>'
    ).format(y=y, text=escape(tick[1]))


def _y(share: float, frame: Frame) -> str:
    return f"{(1 - share) * frame.height_px:.1f}"
