"""Intervals against values from textbooks and tables."""

from __future__ import annotations

import pytest

from slo_reports.intervals import bootstrap_difference, percentile_rank, percentile_ranks, rule_of_three, wilson

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("found", "n", "low", "high"),
    [(0, 100, 0.0, 0.0370), (1, 10, 0.0179, 0.4042), (50, 100, 0.4038, 0.5962), (100, 100, 0.9630, 1.0)],
)
def test_wilson_stays_within_zero_and_one(found: int, n: int, low: float, high: float) -> None:
    assert wilson(found, n) == pytest.approx((low, high), abs=0.0001)


def test_a_share_of_nothing_may_be_anything() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert rule_of_three(0) == (0.0, 1.0)


def test_none_in_100_000_bounds_the_share_by_three() -> None:
    assert rule_of_three(100_000) == (0.0, 3e-5)
    assert rule_of_three(2) == (0.0, 1.0)


@pytest.mark.parametrize(("n", "share", "rank"), [(1, 0.99, 1), (100, 0.99, 99), (1_000, 0.99, 990), (101, 0.5, 51)])
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(n: int, share: float, rank: int) -> None:
    assert percentile_rank(n, share) == rank


def test_the_99th_percentile_of_10_000_spans_forty_ranks() -> None:
    assert percentile_ranks(10_000, 0.99) == (9_880, 9_920)


def test_a_handful_of_values_spans_to_its_largest() -> None:
    assert percentile_ranks(5, 0.99) == (4, 5)


def test_a_clear_difference_excludes_zero_and_repeats_with_its_seed() -> None:
    new, old = [110.0 + n % 7 for n in range(60)], [100.0 + n % 7 for n in range(60)]
    low, high = bootstrap_difference(new, old, seed=1)
    assert 8 < low < 10 < high < 12
    assert bootstrap_difference(new, old, seed=1) == (low, high)


def test_no_difference_includes_zero() -> None:
    values = [100.0 + n % 7 for n in range(60)]
    low, high = bootstrap_difference(values, values, seed=1, share=0.9)
    assert low <= 0 <= high
