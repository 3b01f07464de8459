from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from shop_record import lists_of, record

from system.recommender.evaluation.model_ranker import ModelRanker
from system.recommender.evaluation.ranking import NOTHING
from system.recommender.evaluation.splits import split_at
from system.recommender.recommendation import Recommendation, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from system.recommender.shelf import History, Shelf

pytestmark = pytest.mark.unit


class Scribe:
    """Writes down what it is asked, and recommends product 107 and 101 to everybody."""

    def __init__(self) -> None:
        self.histories: dict[int, History] = {}
        self.popular: list[int] = []
        self.shelf: list[int] = []
        self.buy_again = False

    def recommend(
        self, histories: Mapping[int, History], *, shelf: Shelf, buy_again: bool = False
    ) -> dict[int, Recommendation]:
        self.histories |= histories
        self.popular = list(shelf.popular or [])
        self.shelf = shelf.product_ids[shelf.available].tolist()
        self.buy_again = buy_again
        return {user: Recommendation(Source.HISTORY, [107, 101], [0, 0]) for user in histories}


# (customer, product, day); the split is before day 100.
LINES = [(1, 101, 80), (1, 107, 85), (1, 101, 90), (2, 103, 88), (2, 107, 99), (3, 103, 97), (1, 105, 100)]
ROWS = np.array([0, 2], dtype=np.int32)


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


@pytest.fixture
def ranker(scribe: Scribe) -> ModelRanker:
    return ModelRanker(scribe, split_at(record(LINES, products=8, first_id=100), day=100, days=7))


def test_a_history_is_what_was_bought_before_the_split_the_newest_first(scribe: Scribe, ranker: ModelRanker) -> None:
    ranker.best(np.array([0, 1], dtype=np.int32), buy_again=False)
    assert [list(scribe.histories[at].bought) for at in (0, 1)] == [[101, 107], [107, 103]]
    assert [list(scribe.histories[at].times) for at in (0, 1)] == [[2, 1], [1, 1]]


def test_answers_are_rows_of_products_in_the_order_of_the_users(ranker: ModelRanker) -> None:
    assert ranker.best(ROWS, buy_again=False).tolist() == lists_of([7, 1], [7, 1]).tolist()


def test_mailed_products_are_hidden(scribe: Scribe, ranker: ModelRanker) -> None:
    hidden = np.array([[3, NOTHING], [NOTHING, NOTHING]], dtype=np.int32)
    ranker.best(ROWS, buy_again=False, hidden=hidden)
    assert [list(scribe.histories[at].hidden) for at in (0, 1)] == [[103], []]


def test_more_users_than_fit_into_a_block_are_asked_for_in_several(
    ranker: ModelRanker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("system.recommender.evaluation.model_ranker.BLOCK_USERS", 1)
    assert ranker.best(ROWS, buy_again=False).tolist() == lists_of([7, 1], [7, 1]).tolist()


def test_whom_the_model_knows_nothing_for_gets_recently_popular_products(scribe: Scribe, ranker: ModelRanker) -> None:
    ranker.best(ROWS, buy_again=True)
    assert scribe.popular == [103, 107, 101]
    assert scribe.buy_again


def test_a_product_first_sold_in_the_window_is_not_on_the_shelf(scribe: Scribe, ranker: ModelRanker) -> None:
    ranker.best(ROWS, buy_again=False)
    assert scribe.shelf == [101, 103, 107]
