"""A measured value with its interval beside its objective, on one short line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from slo_reports.report.numbers import amount
from slo_reports.report.plots.frame import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOM: Final = 0.15
HEIGHT_PX: Final = 38
NEAR: Final = 0.5
"""When everything stands in the upper half, the line begins where something is to be seen."""


def bullet_svg(measure: Mapping[str, Any]) -> Markup:
    """Empty where there is no threshold to stand beside."""
    threshold, value = measure.get("threshold"), measure["value"]
    if threshold is None or value is None or not math.isfinite(value):
        return Markup("")
    first, last = measure.get("interval") or (value, value)
    known = [place for place in (first, last, value, threshold) if place is not None]
    low, high = _ends(known, is_share=measure["unit"] == "share")

    def place(at: float | None) -> str:
        return percent(1.0 if at is None else min(1.0, max(0.0, (at - low) / (high - low))))

    return Markup(
        '<svg class="bullet" width="100%" height="{px}" aria-hidden="true">'
        '<line class="track" x1="0" x2="100%" y1="11" y2="11"/>'
        '<line class="interval" x1="{first}" x2="{last}" y1="11" y2="11"/>'
        '<line class="threshold" x1="{threshold}" x2="{threshold}" y1="1" y2="21"/>'
        '<circle class="value" cx="{value}" cy="11" r="5"/>'
        '<text x="0" y="35">{low}</text><text x="100%" y="35" text-anchor="end">{high}</text></svg>'
    ).format(
        px=HEIGHT_PX,
        first=place(first),
        last=place(last),
        threshold=place(threshold),
        value=place(value),
        low=amount(low, measure["unit"]),
        high=amount(high, measure["unit"]),
    )


def _ends(known: list[float], *, is_share: bool) -> tuple[float, float]:
    """A little more than what is shown; from zero unless that would press everything into one end."""
    least, most = min(known), max(known)
    room = ROOM * ((most - least) or most or 1.0)
    low = least - room if least > NEAR * most else min(0.0, least)
    high = most + (room if low else ROOM * most or 1.0)
    return low, min(high, 1.0) if is_share and most <= 1.0 else high
