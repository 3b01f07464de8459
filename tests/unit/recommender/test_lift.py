from __future__ import annotations

import math

import pytest
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

from system.recommender.lift import Interval, Rate, difference, is_divided_by_chance, ratio, says, wilson

pytestmark = pytest.mark.unit


def test_differences_are_those_of_newcombe_s_paper() -> None:
    """Newcombe 1998, table II, method 10: examples (a), (c), (e) and (g)."""
    published = {
        (56, 70, 48, 80): (0.2, 0.0524, 0.3339),
        (9, 10, 3, 10): (0.6, 0.1705, 0.8090),
        (5, 56, 0, 29): (0.0893, -0.0381, 0.1926),
        (10, 10, 0, 20): (1.0, 0.6791, 1.0),
    }
    for (a, m, b, n), expected in published.items():
        found = difference(Rate(a, m), Rate(b, n))
        assert (found.value, found.low, found.high) == pytest.approx(expected, abs=5e-5)


def test_a_ratio_s_interval_is_even_on_a_logarithmic_scale() -> None:
    found = ratio(Rate(30, 1_000), Rate(20, 1_000))
    assert found.value == pytest.approx(1.5)
    assert math.sqrt(found.low * found.high) == pytest.approx(1.5)


def test_rates_and_ratios_are_those_of_scipy() -> None:
    for hits, of, theirs, their_of in [(30, 1_000, 20, 1_000), (1, 9, 9, 9), (60, 200, 10, 200)]:
        bounds = binomtest(hits, of).proportion_ci(0.95, method="wilson")
        assert (wilson(Rate(hits, of)).low, wilson(Rate(hits, of)).high) == pytest.approx((bounds.low, bounds.high))
        expected = relative_risk(hits, of, theirs, their_of).confidence_interval(0.95)
        found = ratio(Rate(hits, of), Rate(theirs, their_of))
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("ours", "theirs"), [(Rate(0, 0), Rate(1, 10)), (Rate(1, 10), Rate(0, 0)), (Rate(1, 9), Rate(0, 9))]
)
def test_a_ratio_to_nothing_is_not_told(ours: Rate, theirs: Rate) -> None:
    assert math.isnan(ratio(ours, theirs).value)


def test_nobody_is_no_evidence() -> None:
    assert says(difference(Rate(0, 0), Rate(5, 10))) == "not enough evidence"
    assert says(difference(Rate(0, 10), Rate(0, 10))) == "not enough evidence"
    assert wilson(Rate(0, 0)).high == 1.0


def test_only_an_interval_on_one_side_of_zero_says_something() -> None:
    assert says(Interval(0.1, 0.01, 0.2)) == "more"
    assert says(Interval(-0.1, -0.2, -0.01)) == "less"
    assert says(Interval(0.1, -0.01, 0.2)) == "not enough evidence"


def test_arms_of_other_sizes_than_their_share_are_noticed() -> None:
    assert is_divided_by_chance(1_020, 8_980, share=0.1)
    assert not is_divided_by_chance(800, 9_200, share=0.1)
    assert is_divided_by_chance(0, 0, share=0.1)
