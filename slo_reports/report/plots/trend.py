"""A number over the last runs, as a line of points with its last one marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from slo_reports.report.plots import shapes
from slo_reports.report.plots.frame import path, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

HEIGHT_PX: Final = 44
INSET: Final = 0.12


def trend_svg(values: Sequence[float | None]) -> Markup:
    """Hidden from screen readers: the table of runs says the same."""
    known = [value for value in values if value is not None]
    if not known:
        return Markup("")
    low, high = min(known), max(known)
    xs = [0.04 + 0.92 * place / max(1, len(values) - 1) for place in range(len(values))]
    ys = [None if value is None else _place(value, low, high) for value in values]
    dots = Markup("").join(
        Markup('<circle class="{kind}" cx="{x}" cy="{y}" r="{r}"/>').format(
            kind="last" if place == len(values) - 1 else "dot",
            x=percent(x),
            y=f"{(1 - y) * HEIGHT_PX:.1f}",
            r=4 if place == len(values) - 1 else 2.5,
        )
        for place, (x, y) in enumerate(zip(xs, ys, strict=True))
        if y is not None
    )
    return Markup(
        '<svg class="trend" width="100%" height="{px}" aria-hidden="true"><svg viewBox="0 0 {w} {h}" '
        'preserveAspectRatio="none" width="100%" height="{px}">{line}</svg>{dots}</svg>'
    ).format(px=HEIGHT_PX, w=shapes.WIDTH, h=shapes.HEIGHT, line=path("line", "s1", shapes.line(xs, ys)), dots=dots)


def _place(value: float, low: float, high: float) -> float:
    return 0.5 if high == low else INSET + (1 - 2 * INSET) * (value - low) / (high - low)
