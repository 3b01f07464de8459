from __future__ import annotations

import numpy as np
import pytest

from loadtests.purchases import DAY_S, Assortment, Habits, Purchases, invent_purchases

pytestmark = pytest.mark.unit

SEED = 11
PRODUCTS, USERS = 600, 4_000


def _invent(habits: Habits, *, seed: int = SEED, products: int = PRODUCTS) -> tuple[Assortment, Purchases]:
    rng = np.random.default_rng(seed)
    assortment = Assortment.plan(rng, products=products, habits=habits)
    return assortment, invent_purchases(rng, users=USERS, assortment=assortment)


def test_baskets_and_their_sizes_have_the_asked_means() -> None:
    _, purchases = _invent(Habits(mean_baskets=3, mean_basket_products=6, never_bought=0))
    assert len(purchases.user) / USERS == pytest.approx(3 * 6, rel=0.06)


def test_the_share_that_never_bought_has_no_lines() -> None:
    _, purchases = _invent(Habits(never_bought=0.2))
    assert len(np.unique(purchases.user)) == pytest.approx(0.8 * USERS, rel=0.03)


def test_few_products_sell_most() -> None:
    _, purchases = _invent(Habits())
    sold = np.sort(np.bincount(purchases.product, minlength=PRODUCTS))[::-1]
    assert sold[: PRODUCTS // 10].sum() > 0.35 * sold.sum()
    assert (sold > 0).mean() > 0.95


def test_people_buy_mostly_within_one_taste() -> None:
    assortment, purchases = _invent(Habits(follows_taste=1, bought_again=0))
    tastes = assortment.tastes()[purchases.product]
    for user in np.unique(purchases.user)[:200]:
        assert len(set(tastes[purchases.user == user])) == 1


def test_people_buy_again_what_they_bought() -> None:
    def distinct(habits: Habits) -> float:
        _, purchases = _invent(habits, products=50_000)
        return len(np.unique(np.column_stack([purchases.user, purchases.product]), axis=0)) / len(purchases.user)

    assert distinct(Habits(bought_again=0.5, follows_taste=0)) < 0.55
    assert distinct(Habits(bought_again=0, follows_taste=0)) > 0.9


def test_baskets_run_from_old_to_new_within_the_record() -> None:
    _, purchases = _invent(Habits(days=100))
    same_user = purchases.user[1:] == purchases.user[:-1]
    assert (np.diff(purchases.user) >= 0).all()
    assert (np.diff(purchases.age_s // DAY_S)[same_user] <= 0).all()
    assert 0 < purchases.age_s.min() <= purchases.age_s.max() < 101 * DAY_S


def test_the_same_seed_invents_the_same_purchases() -> None:
    first, second, other = (_invent(Habits(), seed=seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(first.product, second.product)
    assert not np.array_equal(first.product[:100], other.product[:100])


def test_a_catalogue_of_one_can_be_sold() -> None:
    _, purchases = _invent(Habits(), products=1)
    assert set(purchases.product) == {0}
