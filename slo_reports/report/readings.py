"""What the page's script shows under the pointer: every plot's values at every moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from slo_reports.report.numbers import clock, plain
from slo_reports.report.plots.latency import rank_place, ranks_of
from slo_reports.report.plots.timeline import axis_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Readings = dict[str, Any]


def of_timeline(timeline: Mapping[str, Any]) -> Readings:
    """One reading per bucket."""
    axis = axis_of(timeline)
    return {
        "xs": axis.xs(),
        "labels": [clock(axis.from_s + axis.step_s * place) for place in range(axis.points)],
        "plots": {
            panel["id"]: {"unit": panel["unit"], "values": [series["values"] for series in panel["series"]]}
            for panel in timeline["panels"]
            if "series" in panel
        },
    }


def of_latency(latency: Mapping[str, Any]) -> Readings:
    """One reading per percentile; curves with fewer samples end earlier."""
    ranks = ranks_of(latency["curves"])
    values = [[value for _, value in curve["drawn"]] for curve in latency["curves"]]
    return {
        "xs": [round(rank_place(rank), 6) for rank in ranks],
        "labels": [f"p{plain(rank, digits=4)}" for rank in ranks],
        "plots": {"latency": {"unit": latency["unit"], "values": values}},
    }


def script(readings: Readings) -> Markup:
    """As JSON for a script element; `<` is escaped, so that no value can end the element."""
    return Markup(json.dumps(readings, separators=(",", ":")).replace("<", "\\u003c"))  # noqa: S704  # escaped here
