from __future__ import annotations

import math
from typing import Any

import pytest

from system.recommender.card_gate import ndcg_beside_baseline, refusal

pytestmark = pytest.mark.unit


def card(value: float, low: float, high: float) -> dict[str, Any]:
    difference = {"ndcg_at_5": {"value": value, "low": low, "high": high}}
    models = {"model": {"ndcg_at_5": {"value": 0.05}}, "popular_14d": {"ndcg_at_5": {"value": 0.03}}}
    return {"metrics": {"models": models, "differences": {"popular_14d": difference}}}


def test_a_model_that_is_better_passes() -> None:
    assert refusal(card(0.02, 0.01, 0.03)) is None


def test_a_model_whose_difference_may_be_noise_passes() -> None:
    assert refusal(card(-0.01, -0.02, 0.0)) is None


def test_a_model_whose_whole_interval_is_below_zero_is_refused_with_the_numbers() -> None:
    assert refusal(card(-0.02, -0.03, -0.001)) == (
        "its NDCG@5 is 0.0200 below that of popular_14d, beyond noise (95 % interval -0.0300 to -0.0010)"
    )


def test_a_model_that_could_not_be_evaluated_passes() -> None:
    assert refusal({"metrics": None}) is None
    assert refusal({}) is None


@pytest.mark.parametrize(
    "bad",
    [
        {"metrics": {}},
        {"metrics": {"differences": {"cosine": {}}}},
        {"metrics": {"differences": {"popular_14d": {"ndcg_at_5": None}}}},
        {"metrics": {"differences": {"popular_14d": {"ndcg_at_5": {"value": "good", "low": 0, "high": 1}}}}},
        {"metrics": []},
    ],
)
def test_a_card_with_metrics_and_without_the_comparison_is_refused(bad: dict[str, Any]) -> None:
    assert "no comparison with popular_14d" in str(refusal(bad))


@pytest.mark.parametrize(("value", "low", "high"), [(math.nan, 0, 1), (0.5, 0.6, 0.7), (0.1, 0.0, math.nan)])
def test_bounds_that_hold_no_value_are_refused(value: float, low: float, high: float) -> None:
    assert "is no interval" in str(refusal(card(value, low, high)))


def test_a_table_shows_model_and_baseline_or_a_dash() -> None:
    assert ndcg_beside_baseline(card(0.02, 0.01, 0.03)) == "0.0500 / 0.0300"
    assert ndcg_beside_baseline({"metrics": None}) == "-"
