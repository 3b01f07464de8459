from __future__ import annotations

import pytest
from shop_record import record

from system.errors import InputError
from system.recommender.evaluation.splits import Mode, split_at, split_last

pytestmark = pytest.mark.unit

# Customer 1 buys 0 again and 1 for the first time; 2 buys only again; 3 has no history; 4 buys nothing later.
LINES = [(1, 0, 10), (1, 0, 20), (1, 1, 21), (2, 2, 11), (2, 2, 29), (3, 1, 25), (4, 1, 19)]


def test_new_only_counts_what_the_customer_never_bought_before() -> None:
    truth = split_at(record(LINES, products=3), day=20, days=10).truth(Mode.NEW_ONLY)
    assert truth.users.tolist() == [0]
    assert truth.bought.toarray().tolist() == [[0, 1, 0]]
    assert truth.sizes.tolist() == [1]


def test_buy_again_counts_everything_once() -> None:
    truth = split_at(record([*LINES, (1, 0, 22)], products=3), day=20, days=10).truth(Mode.BUY_AGAIN)
    assert truth.users.tolist() == [0, 1]
    assert truth.bought.toarray().tolist() == [[1, 1, 0], [0, 0, 1]]


def test_the_window_ends_after_its_days() -> None:
    truth = split_at(record(LINES, products=3), day=20, days=9).truth(Mode.BUY_AGAIN)
    assert truth.users.tolist() == [0]


def test_nothing_of_the_window_is_known_before_it() -> None:
    split = split_at(record(LINES, products=3), day=20, days=10)
    assert split.past.day.max() == 19
    assert split.bought.toarray().tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert split.customers().tolist() == [0, 1, 3]


def test_the_last_days_of_the_record_are_the_window() -> None:
    split = split_last(record(LINES, products=3), days=10)
    assert (split.first_day, split.end_day) == (20, 30)


def test_a_record_without_orders_is_refused() -> None:
    with pytest.raises(InputError, match=r"orders=0 leave nothing to evaluate\. Run `steadypost import"):
        split_last(record([], products=3), days=10)


def test_a_window_as_long_as_the_record_is_refused() -> None:
    with pytest.raises(InputError, match=r"test_days=20 leave nothing to learn from: the orders span 20 days"):
        split_last(record(LINES, products=3), days=20)


def test_a_sample_keeps_each_customer_s_own_purchases_and_is_the_same_for_the_same_seed() -> None:
    lines = [(user, product, day) for user in range(40) for product, day in ((0, 10), (1 + user % 5, 25))]
    truth = split_at(record(lines, products=6), day=20, days=10).truth(Mode.NEW_ONLY)
    some = truth.sample(most=7, seed=3)
    assert len(some) == 7
    assert [row.nonzero()[0].tolist() for row in some.bought.toarray()] == [[1 + user % 5] for user in some.users]
    assert some.users.tolist() == truth.sample(most=7, seed=3).users.tolist()
    assert some.users.tolist() != truth.sample(most=7, seed=4).users.tolist()
    assert truth.sample(most=40, seed=3) is truth
