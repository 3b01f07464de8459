"""A measured value with its interval beside its objective, on one short line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from slo_reports.report.plots.frame import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOM: Final = 1.15
HEIGHT_PX: Final = 22


def bullet_svg(measure: Mapping[str, Any]) -> Markup:
    """Empty where there is no threshold to stand beside."""
    threshold, value = measure.get("threshold"), measure["value"]
    if threshold is None or value is None or not math.isfinite(value):
        return Markup("")
    low, high = measure.get("interval") or (value, value)
    top = max(threshold, value, high if math.isfinite(high) else value, 1e-12) * ROOM
    places = {"value": value, "low": max(0.0, low), "high": min(high, top), "threshold": threshold}
    shares = {name: max(0.0, place) / top for name, place in places.items()}
    return Markup(
        '<svg class="bullet" width="100%" height="{px}" aria-hidden="true">'
        '<rect class="track" x="0" y="9" width="100%" height="4" rx="2"/>'
        '<rect class="interval" x="{low}" y="6" width="{wide}" height="10" rx="3"/>'
        '<line class="threshold" x1="{threshold}" x2="{threshold}" y1="1" y2="21"/>'
        '<circle class="value" cx="{value}" cy="11" r="5"/></svg>'
    ).format(
        px=HEIGHT_PX,
        low=percent(shares["low"]),
        wide=percent(max(shares["high"] - shares["low"], 0.0)),
        threshold=percent(shares["threshold"]),
        value=percent(shares["value"]),
    )
