"""A complete list is looked through once more: what must not be in a mail makes way for something popular."""

from __future__ import annotations

import numpy as np
import pytest

from system.recommender.filling import Filling
from system.recommender.recommendation import Recommendation, Source
from system.recommender.shelf import History, Shelf

pytestmark = pytest.mark.unit

GONE, TWIN_A, TWIN_B, SPARE = 9, 7, 8, 1
SHELF = Shelf(
    product_ids=np.arange(10),
    available=np.arange(10) != GONE,
    family=np.array([0, 1, 2, 3, 4, 5, 6, 7, 7, 9]),
    category=np.array([0, 9, 0, 0, 1, 1, 2, 3, 4, 5]),
    per_category=2,
    popular=[SPARE],
)
FINE = [0, 2, 4, 6, TWIN_A]


def _fill(products: list[int], *, bought: list[int], hidden: list[int], buy_again: bool = False) -> list[int]:
    found = Recommendation(Source.HISTORY, products, [5] * 5)
    filling = Filling.of(SHELF, popular=[])
    return list(filling.fill(found, history=History(bought, hidden=hidden), buy_again=buy_again).product_ids)


def test_a_list_that_obeys_the_rules_stays_as_it_is() -> None:
    assert _fill(FINE, bought=[5], hidden=[3]) == FINE


@pytest.mark.parametrize(
    ("products", "bad"),
    [([0, 2, 4, 6, GONE], GONE), ([0, 2, 4, TWIN_A, TWIN_B], TWIN_B), ([0, 2, 3, 4, 6], 3)],
    ids=["not available", "a second one of a family", "a third one of a category"],
)
def test_a_product_against_the_shelf_makes_way(products: list[int], bad: int) -> None:
    assert _fill(products, bought=[5], hidden=[]) == [*(product for product in products if product != bad), SPARE]


def test_a_product_that_was_bought_or_is_hidden_makes_way() -> None:
    assert _fill(FINE, bought=[4], hidden=[]) == [0, 2, 6, TWIN_A, SPARE]
    assert _fill(FINE, bought=[], hidden=[4]) == [0, 2, 6, TWIN_A, SPARE]


def test_a_product_that_was_bought_stays_where_it_may_be_bought_again() -> None:
    assert _fill(FINE, bought=[4], hidden=[], buy_again=True) == FINE
