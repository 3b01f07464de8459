from __future__ import annotations

import numpy as np
import pytest

from system.recommender.evaluation.bootstrap import Interval, divide, draw_means, draw_sums, interval_of

pytestmark = pytest.mark.unit

SEED = 7


def test_the_first_line_is_what_was_measured() -> None:
    drawn = draw_sums(np.array([[1.0, 2.0], [3.0, 5.0]]), seed=SEED, resamples=10)
    assert drawn.shape == (11, 2)
    assert drawn[0].tolist() == [4, 7]


def test_each_resample_has_as_many_customers_as_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("system.recommender.evaluation.bootstrap._BLOCK_WEIGHTS", 70)  # several blocks
    assert set(draw_sums(np.ones((20, 1)), seed=SEED, resamples=50)[:, 0]) == {20.0}


def test_the_same_seed_gives_the_same_interval() -> None:
    values = {"a": np.arange(30.0)}
    first, second = (draw_means(values, seed=SEED, resamples=40)["a"] for _ in range(2))
    assert first.tolist() == second.tolist()
    assert first.tolist() != draw_means(values, seed=SEED + 1, resamples=40)["a"].tolist()


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(SEED).normal(5.0, 2.0, size=400)
    interval = interval_of(draw_means({"a": values}, seed=SEED)["a"])
    assert interval is not None
    half = 1.96 * values.std() / np.sqrt(400)
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.02)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.02)


def test_what_always_differs_by_the_same_amount_differs_without_doubt() -> None:
    values = np.random.default_rng(SEED).normal(size=100)
    drawn = draw_means({"a": values, "b": values + 0.25}, seed=SEED, resamples=200)
    interval = interval_of(drawn["b"] - drawn["a"])
    assert interval is not None
    assert [interval.value, interval.low, interval.high] == pytest.approx([0.25, 0.25, 0.25])


def test_unknown_values_count_nowhere() -> None:
    drawn = draw_means({"a": np.array([1.0, np.nan, 3.0])}, seed=SEED, resamples=5)
    assert drawn["a"][0] == 2


def test_a_ratio_to_nothing_has_no_interval() -> None:
    assert interval_of(divide(np.ones(4), np.zeros(4))) is None


def test_six_digits_are_written() -> None:
    assert Interval(1 / 3, 0.1, 2 / 3).as_dict() == {"value": 0.333333, "low": 0.1, "high": 0.666667}
