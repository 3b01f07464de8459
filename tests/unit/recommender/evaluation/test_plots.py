from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.recommender.evaluation import plots, words

pytestmark = pytest.mark.unit


@given(st.floats(1e-6, 1e6))
def test_ticks_are_few_begin_at_0_and_reach_the_largest_value(most: float) -> None:
    found = plots.ticks(most)
    assert found[0] == 0
    assert found[-1] >= most * (1 - 1e-6)
    assert 2 <= len(found) <= 7


@pytest.mark.parametrize(
    ("most", "expected"), [(0.0, [0, 1]), (10, [0, 2, 4, 6, 8, 10]), (0.21, [0, 0.05, 0.1, 0.15, 0.2, 0.25])]
)
def test_ticks_are_round(most: float, expected: list[float]) -> None:
    assert plots.ticks(most) == pytest.approx(expected)


def test_a_whisker_stands_at_its_share_of_the_axis() -> None:
    svg = plots.whisker_svg({"value": 0.5, "low": 0.25, "high": 1.5}, end=1.0, colour="s1", mark=0.75)
    assert 'cx="50%"' in svg
    assert 'x1="25%" x2="100%"' in svg  # what is beyond the axis ends with it
    assert 'class="threshold" x1="75%"' in svg


def test_what_is_unknown_is_not_drawn() -> None:
    assert plots.whisker_svg(None, end=1.0, colour="s1") == ""


def test_lines_go_from_the_first_week_to_the_last() -> None:
    line = {"values": [0.0, 5.0, 10.0], "colour": "s2", "dashed": True}
    svg = plots.lines_svg([line], labels=["2011-07-04", "2011-07-11", "2011-07-18"], title="<hits>")
    assert 'class="line s2 dashed" d="M0 100 L50 50 L100 0"' in svg
    assert "&lt;hits&gt;" in svg
    assert "2011-07-18" in svg


@pytest.mark.parametrize(("share", "text"), [(None, "\N{EN DASH}"), (0.5, "50 %"), (0.0123, "1.2 %"), (0.0, "0.0 %")])
def test_shares_are_written_with_the_digits_they_deserve(share: float | None, text: str) -> None:
    assert words.percent(share) == text


def test_negative_numbers_have_a_minus_sign() -> None:
    assert words.score(-0.01234) == "\N{MINUS SIGN}0.0123"
    assert words.span({"value": 0, "low": -1.25, "high": 2}, 1) == "\N{MINUS SIGN}1.2 to 2.0"


def test_hyper_parameters_are_listed_with_their_parts() -> None:
    entries = {"half_life_days": None, "l2": 300.0, "exponents": {"buyers_7d": 0.25}}
    assert words.facts(entries) == [("half life days", "none"), ("l2", "300"), ("exponent of buyers 7d", "0.25")]
