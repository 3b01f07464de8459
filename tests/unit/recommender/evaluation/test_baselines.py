from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop_record import lists_of, record

from system.recommender.evaluation import baselines
from system.recommender.evaluation.ranking import NOTHING, ScoreRanker, rank
from system.recommender.evaluation.splits import Mode, split_at

if TYPE_CHECKING:
    from system.recommender.evaluation.splits import Split

pytestmark = pytest.mark.unit

# Days 80..100. Product 0: three buyers long ago; 1: two lately; 2: one lately, three times; 3: customer 1 alone.
LINES = [
    *((user, 0, 80) for user in (1, 2, 3)),
    *((user, 1, 95) for user in (3, 4)),
    *((4, 2, day) for day in (96, 97, 98)),
    (1, 3, 81),
    (5, 4, 100),
]
USERS = np.arange(4, dtype=np.int32)


@pytest.fixture
def split() -> Split:
    return split_at(record(LINES, products=5), day=100, days=7)


def test_popular_products_are_those_with_the_most_buyers_and_nobody_gets_what_they_bought(split: Split) -> None:
    found = baselines.popular_ranker(split).best(USERS, buy_again=False)
    assert found.tolist() == lists_of([1, 2], [1, 2, 3], [2, 3], [0, 3]).tolist()


def test_recently_popular_products_come_first_and_those_of_long_ago_fill_up(split: Split) -> None:
    found = baselines.popular_ranker(split, days=14).best(USERS, buy_again=True)
    assert found.tolist() == lists_of(*[[1, 2, 0, 3]] * 4).tolist()


def test_what_was_never_sold_is_never_popular(split: Split) -> None:
    assert not (baselines.popular_ranker(split).best(USERS, buy_again=True) == 4).any()


def test_frequency_repeats_what_the_customer_bought_most(split: Split) -> None:
    found = baselines.frequency_ranker(split).best(USERS, buy_again=True)
    assert found[3].tolist() == [2, 1, 0, 3, NOTHING]


def test_a_purchase_of_long_ago_counts_less_with_decay() -> None:
    bought = record([(1, 0, 0), (1, 0, 1), (1, 1, 199), (2, 0, 199)], products=2)
    split = split_at(bought, day=200, days=7)
    plain = baselines.frequency_ranker(split).best(USERS[:1], buy_again=True)
    decayed = baselines.frequency_ranker(split, decay_days=90).best(USERS[:1], buy_again=True)
    assert (plain[0, 0], decayed[0, 0]) == (0, 1)


def test_cosine_sums_over_all_that_was_bought(split: Split) -> None:
    scores = baselines.cosine_ranker(split)._scores(USERS)
    one, three = 1 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1)  # cosines of product 0 with 1, and with 3
    two = 1 / np.sqrt(2 * 1)  # of 1 with 2
    expected = [
        [three, one, 0, three, 0],
        [0, one, 0, three, 0],
        [one, one, two, three, 0],
        [one, two, two, 0, 0],
    ]
    assert scores == pytest.approx(np.array(expected), abs=1e-6)


def test_cosine_through_the_buyers_is_the_same(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    dense = baselines.cosine_ranker(split)._scores(USERS)
    monkeypatch.setattr(baselines, "DENSE_PRODUCTS", 0)
    assert baselines.cosine_ranker(split)._scores(USERS) == pytest.approx(dense, abs=1e-6)


def test_what_a_customer_buys_most_is_no_baseline_for_new_products(split: Split) -> None:
    assert list(baselines.baselines(split, mode=Mode.NEW_ONLY)) == ["popular_14d", "cosine", "popular"]
    assert {"frequency", "frequency_90d"} <= set(baselines.baselines(split, mode=Mode.BUY_AGAIN))


def test_hidden_products_make_room_for_the_next(split: Split) -> None:
    ranker = baselines.popular_ranker(split, days=14)
    hidden = np.array([[1, NOTHING], [0, 2], [NOTHING, NOTHING], [1, 1]], dtype=np.int32)
    found = ranker.best(USERS, buy_again=True, hidden=hidden)
    assert found.tolist() == lists_of([2, 0, 3], [1, 3], [1, 2, 0, 3], [2, 0, 3]).tolist()
    assert ranker.best(USERS, buy_again=True)[0].tolist() == [1, 2, 0, 3, NOTHING]


def test_other_users_are_ranked_anew(split: Split) -> None:
    ranker = baselines.frequency_ranker(split)
    first = ranker.best(USERS[:1], buy_again=True)
    assert ranker.best(USERS[3:], buy_again=True).tolist() != first.tolist()


def test_many_hidden_products_still_leave_five() -> None:
    split = split_at(record([(1, product, 1) for product in range(60)], products=60), day=2, days=7)
    everything = ScoreRanker(lambda _users: np.arange(60, 0, -1, dtype=np.float32)[None, :], bought=split.bought)
    hidden = np.arange(50, dtype=np.int32)[None, :]
    assert everything.best(USERS[:1], buy_again=True, hidden=hidden).tolist() == [[50, 51, 52, 53, 54]]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40, unique=True), st.integers(1, 30))
def test_ranking_is_sorting(scores: list[int], depth: int) -> None:
    found = rank(np.array([scores], dtype=np.float32), depth=depth)[0].tolist()
    order = sorted((row for row in range(len(scores)) if scores[row] > 0), key=lambda row: -scores[row])[:depth]
    assert found == [*order, *[NOTHING] * (depth - len(order))]
