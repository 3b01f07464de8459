"""Scales, shapes and the plots drawn with them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from slo_reports.report.plots import scales, shapes
from slo_reports.report.plots.bullet import bullet_svg
from slo_reports.report.plots.latency import rank_place
from slo_reports.report.plots.timeline import panel_svg

pytestmark = pytest.mark.unit


def a_timeline(**panel: Any) -> dict[str, Any]:
    windows = [{"fault": "F01", "name": "outage", "from_s": 2, "to_s": None}]
    return {"from_s": 0, "step_s": 1, "points": 4, "windows": windows, "panels": [panel]}


def drawn(**panel: Any) -> ET.Element:
    described = {"id": "p", "title": "T", "unit": "jobs", **panel}
    return ET.fromstring(panel_svg(described, a_timeline(**described), is_last=True))


def test_a_linear_scale_has_round_ticks_and_room_above() -> None:
    scale = scales.linear(112)
    assert scale.ticks == (0, 50, 100)
    assert scale.place(0) == 0
    assert 0.9 < scale.place(112) < 1


def test_a_scale_of_nothing_still_has_a_place() -> None:
    assert scales.linear(0).place(0) == 0


def test_a_logarithmic_scale_marks_one_two_and_five() -> None:
    scale = scales.logarithmic([7.0, 13.0])
    assert scale.ticks == (5, 10, 20)
    assert scale.place(10) == pytest.approx(0.5)


def test_many_decades_are_marked_at_their_ones() -> None:
    assert scales.logarithmic([0.3, 40_000.0]).ticks == (1, 10, 100, 1_000, 10_000)


def test_zero_stands_at_the_foot_of_a_logarithmic_scale() -> None:
    assert scales.logarithmic([0.0, 5.0, 50.0]).place(0.0) == 0


@pytest.mark.parametrize(
    ("to_s", "ticks"), [(40, (0, 10, 20, 30, 40)), (1_600, (0, 300, 600, 900, 1_200, 1_500)), (0.5, (0,))]
)
def test_ticks_of_the_clock_are_round(to_s: float, ticks: tuple[float, ...]) -> None:
    assert scales.clock_ticks(0, to_s) == ticks


def test_a_line_breaks_where_a_value_is_missing() -> None:
    assert shapes.line([0.0, 0.25, 0.5, 0.75], [0.0, 1.0, None, 0.5]) == "M0 100L250 0M750 50h2"


def test_an_area_follows_its_floor_back() -> None:
    assert shapes.area([0.0, 1.0], [0.25, 0.25], [1.0, 0.5]) == "M0 0L1000 50L1000 75L0 75Z"


def test_every_nine_has_the_same_room() -> None:
    assert [rank_place(rank) for rank in (0, 90, 99, 99.9, 99.99, 100)] == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1])


def test_a_plot_names_itself_and_says_its_highest_values() -> None:
    svg = drawn(kind="area", series=[{"name": "accepted", "values": [0, 3, None, 1]}], reference=None)
    assert svg.get("role") == "img"
    title, says = svg.findtext("title"), svg.findtext("desc")
    assert (title, says) == ("T", "accepted at most 3\N{NO-BREAK SPACE}jobs.")


def test_a_fault_that_never_healed_is_shaded_to_the_end() -> None:
    svg = drawn(kind="area", series=[{"name": "accepted", "values": [0, 3, 2, 1]}])
    window = next(each for each in svg.iter("rect") if each.get("class") == "window")
    assert (window.get("x"), window.get("width")) == ("50%", "50%")


def test_layers_of_a_stack_stand_on_each_other() -> None:
    two = [{"name": "a", "values": [10, 10, 10, 10]}, {"name": "b", "values": [10, 10, 10, 10]}]
    lower, upper = (path.get("d", "") for path in drawn(kind="stack", series=two).iter("path"))
    foot_of_upper = upper.rsplit("L", 1)[-1].split()[1].removesuffix("Z")
    assert foot_of_upper == lower.split("L")[0].split()[1]


def test_an_open_breaker_is_named_and_a_closed_one_is_a_thin_line() -> None:
    svg = drawn(kind="states", unit="", series=[{"name": "breaker", "values": ["closed", "open", "open", None]}])
    assert [text.text for text in svg.iter("text") if text.text == "open"] == ["open"]
    thin = next(each for each in svg.iter("rect") if each.get("class") == "quiet")
    assert thin.get("width") == "25%"


@pytest.mark.parametrize("measure", [{"threshold": None, "value": 1.0}, {"threshold": 1.0, "value": None}])
def test_without_threshold_or_value_there_is_no_bullet(measure: dict[str, Any]) -> None:
    assert bullet_svg({"interval": None, **measure}) == ""
