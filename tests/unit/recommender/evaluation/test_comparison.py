from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shop_record import lists_of, record

from system.recommender.evaluation.card import card_metrics
from system.recommender.evaluation.comparison import compare, describe_lists, summarise
from system.recommender.evaluation.segments import SEGMENTS, by_segment
from system.recommender.evaluation.splits import Mode, Split, split_at
from system.recommender.evaluation.verdict import Outcome, check_targets, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.unit

SEED = 3
CUSTOMERS = 60


@dataclass(frozen=True)
class Says:
    """The same list for everybody."""

    products: tuple[int, ...]

    def best(
        self, users: NDArray[np.int32], *, buy_again: bool, hidden: NDArray[np.int32] | None = None
    ) -> NDArray[np.int32]:
        assert not buy_again
        assert hidden is None
        return np.repeat(lists_of(self.products), len(users), axis=0)


@pytest.fixture(scope="module")
def split() -> Split:
    """Each customer bought product 0 and then 1; one in three bought 2 as well."""
    past = [(user, 0, 10) for user in range(CUSTOMERS)]
    later = [(user, 1, 20) for user in range(CUSTOMERS)] + [(user, 2, 21) for user in range(0, CUSTOMERS, 3)]
    return split_at(record(past + later, products=6), day=20, days=7)


def _summary(split: Split, **rankers: Says) -> dict[str, Any]:
    return summarise(compare(split, mode=Mode.NEW_ONLY, rankers=rankers).scores, seed=SEED, resamples=200)


def test_each_metric_has_its_interval(split: Split) -> None:
    found = _summary(split, model=Says((1,)), popular_14d=Says((2,)))
    assert found["customers"] == CUSTOMERS
    assert found["models"]["model"]["hit_rate_at_5"] == {"value": 1, "low": 1, "high": 1}
    hit_rate = found["models"]["popular_14d"]["hit_rate_at_5"]
    assert hit_rate["value"] == pytest.approx(1 / 3, abs=1e-6)
    assert hit_rate["low"] < 1 / 3 < hit_rate["high"]


def test_the_model_is_compared_on_the_same_customers(split: Split) -> None:
    found = _summary(split, model=Says((1,)), popular_14d=Says((2,)), cosine=Says((3,)))
    assert found["differences"]["popular_14d"]["hit_rate_at_5"]["value"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["ratios"]["popular_14d"]["hit_rate_at_5"]["value"] == pytest.approx(3)
    assert found["ratios"]["cosine"]["hit_rate_at_5"] is None
    assert "model" not in found["differences"]


def test_lists_are_described_for_each_ranker(split: Split) -> None:
    rankers = {"model": Says((1, 2)), "popular_14d": Says((0,))}
    found = describe_lists(compare(split, mode=Mode.NEW_ONLY, rankers=rankers), split, seed=SEED)
    assert found["model"]["coverage"] == {"value": pytest.approx(2 / 6, abs=1e-6)}
    assert found["model"]["diversity"]["value"] == 1
    assert found["popular_14d"]["diversity"] is None
    assert found["popular_14d"]["repeat_rate"]["value"] == 1
    assert found["popular_14d"]["novelty_bits"]["value"] == 0


def test_segments_are_told_apart_by_the_number_of_products_bought() -> None:
    past = [
        (user, product, 10) for user, products in ((1, 9), (2, 10), (3, 29), (4, 30)) for product in range(products)
    ]
    later = [(user, 40, 20) for user in (1, 2, 3, 4)]
    split = split_at(record(past + later, products=41), day=20, days=7)
    found = by_segment(compare(split, mode=Mode.NEW_ONLY, rankers={"model": Says((40,))}), split, seed=SEED)
    assert [(each["name"], each["products"], each["customers"]) for each in found] == [
        ("new", "1 to 9", 1),
        ("light", "10 to 29", 2),
        ("heavy", "30 or more", 1),
    ]
    assert [each["enough"] for each in found] == [False, False, False]


def test_a_segment_without_customers_says_nothing(split: Split) -> None:
    found = by_segment(compare(split, mode=Mode.NEW_ONLY, rankers={"model": Says((1,))}), split, seed=SEED)
    assert [(each["customers"], each["enough"]) for each in found] == [(CUSTOMERS, True), (0, False), (0, False)]
    assert found[1]["models"] == {}
    assert len(SEGMENTS) == 3


def test_a_card_says_how_the_model_compares_with_popular_products_and_plain_cosine(split: Split) -> None:
    card = card_metrics(split, Says((1, 2)))
    assert card is not None
    assert card["window"] == {"first_day": "1970-01-21", "last_day": "1970-01-27", "customers": CUSTOMERS}
    assert set(card["models"]) == {"model", "popular_14d", "cosine", "popular"}
    assert set(card["differences"]) == {"popular_14d", "cosine"}
    assert card["differences"]["popular_14d"]["ndcg_at_5"]["low"] > 0
    assert judge(card["differences"]) is Outcome.BETTER


def test_a_card_of_too_few_customers_has_no_metrics() -> None:
    lines = [(user, product, 10 * (1 + product)) for user in range(49) for product in (0, 1)]
    assert card_metrics(split_at(record(lines, products=2), day=20, days=7), Says((1,))) is None


def test_a_model_that_popular_products_beat_beyond_noise_is_worse(split: Split) -> None:
    found = _summary(split, model=Says((2,)), popular_14d=Says((1,)))
    assert judge(found["differences"]) is Outcome.WORSE
    assert judge(found["differences"], enough=False) is Outcome.UNCLEAR


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.01, 0.02, "better"),
        (-0.01, 0.02, "unclear"),
        (0.0, 0.02, "unclear"),
        (-0.03, 0.02, "unclear"),
        (-0.02, -0.01, "worse"),
    ],
)
def test_an_interval_around_0_decides_nothing(low: float, high: float, outcome: str) -> None:
    lead = {"value": (low + high) / 2, "low": low, "high": high}
    assert judge({"popular_14d": {"ndcg_at_5": lead}}) == outcome


def test_without_a_comparison_nothing_is_decided() -> None:
    assert judge({}) is Outcome.UNCLEAR
    assert judge({"popular_14d": {"ndcg_at_5": None}}) is Outcome.UNCLEAR


def test_targets_are_met_by_the_measured_ratio() -> None:
    def ratio(value: float) -> dict[str, dict[str, float]]:
        return {metric: {"value": value, "low": 1.0, "high": 9.0} for metric in ("ndcg_at_5", "recall_at_5")}

    found = check_targets({"cosine": ratio(2.5), "popular_14d": ratio(1.69)})
    assert [(each["metric"], each["against"], each["times"], each["met"]) for each in found] == [
        ("ndcg_at_5", "cosine", 2.5, True),
        ("ndcg_at_5", "popular_14d", 1.7, False),
        ("recall_at_5", "cosine", 2.5, True),
        ("recall_at_5", "popular_14d", 1.7, False),
    ]
    assert not any(each["met"] for each in check_targets({}))
