from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loadtests.purchases import Assortment, Habits, invent_purchases
from system.recommender.cold import describe_products
from system.recommender.evaluation.model_ranker import ModelRanker
from system.recommender.evaluation.splits import split_last
from system.recommender.fitting import decayed, fit, popular_rows
from system.recommender.hyper_parameters import HyperParameters
from system.recommender.purchases import Purchases
from system.recommender.trial_scorer import open_fitted
from system.recommender.tuning import relearn, tune

pytestmark = pytest.mark.unit

SEED = 20261121
END = 20_000
PLAIN = HyperParameters(half_life_days=None, l2=5.0, name_weight=0.0)


def _purchases(lines: list[tuple[int, int, int]], *, products: int) -> Purchases:
    user, product, day = (np.array(column, dtype=np.int32) for column in zip(*lines, strict=True))
    return Purchases(np.arange(user.max() + 1), np.arange(products), user, product, day)


def _invented(*, users: int, products: int) -> tuple[Purchases, np.ndarray]:
    """Purchases, and the taste that each product was planted in."""
    print(f"seed {SEED}")  # noqa: T201  # a failure is repeated with it
    rng = np.random.default_rng(SEED)
    assortment = Assortment.plan(rng, products=products, habits=Habits(products_per_taste=20))
    bought = invent_purchases(rng, users=users, assortment=assortment)
    user_ids, user = np.unique(bought.user, return_inverse=True)
    day = (END - 1 - bought.age_s // 86_400).astype(np.int32)
    rows = Purchases(user_ids, np.arange(products), user.astype(np.int32), bought.product.astype(np.int32), day)
    return rows, assortment.tastes()


def test_two_purchases_half_a_life_ago_weigh_half_together_and_only_the_newest_of_a_kind_counts() -> None:
    past = _purchases([(0, 0, 40), (0, 0, 10), (0, 1, 100)], products=2)
    values = decayed(past, day=100, half_life_days=60).toarray()
    assert values[0].tolist() == pytest.approx([2**-0.5, 1.0])
    assert (values.T @ values)[0, 0] == pytest.approx(0.5)
    assert decayed(past, day=100, half_life_days=None).toarray().tolist() == [[1, 1]]


def test_the_popular_are_those_with_most_buyers_lately() -> None:
    past = _purchases([(0, 0, 10), (1, 0, 10), (2, 0, 10), (0, 1, 95), (1, 1, 95), (0, 2, 99)], products=4)
    assert popular_rows(past, day=100).tolist() == [1, 2, 0, 3]


def test_nothing_that_happened_later_is_known_to_a_fit() -> None:
    lines = [(user, product, 50) for user in range(6) for product in (user % 3, 3)]
    early = fit(_purchases(lines, products=5), day=60, parameters=PLAIN)
    later = fit(_purchases([*lines, *((user, 4, 70) for user in range(6))], products=5), day=60, parameters=PLAIN)
    assert np.array_equal(early.neighbours.ids, later.neighbours.ids)
    assert np.array_equal(early.neighbours.weights, later.neighbours.weights)


@pytest.mark.parametrize("dense_products", [100, 0])
def test_a_product_without_purchases_is_recommended_where_one_of_a_like_name_is(dense_products: int) -> None:
    lines = [(user, product, 50) for user in range(20) for product in ((0, 1) if user % 2 else (2, 3))]
    words = describe_products(["red mug", "blue teapot", "rope", "tent", "teapot, green", ""], [""] * 6)
    fitted = fit(
        _purchases(lines, products=6), day=60, parameters=PLAIN, described=words, dense_products=dense_products
    )
    targets_of_mug = dict(zip(fitted.neighbours.ids[0].tolist(), fitted.neighbours.weights[0].tolist(), strict=True))
    assert 0 < targets_of_mug[4] < targets_of_mug[1]
    assert 5 not in fitted.neighbours.ids
    without = fit(_purchases(lines, products=6), day=60, parameters=PLAIN, dense_products=dense_products)
    assert 4 not in without.neighbours.ids


def test_the_planted_tastes_are_found_again() -> None:
    purchases, tastes = _invented(users=3_000, products=200)
    split = split_last(purchases, days=28)
    chosen = tune(purchases, day=split.first_day, seed=SEED)
    fitted = fit(split.past, day=split.first_day, parameters=chosen)
    everybody = split.customers()
    best = ModelRanker(open_fitted(fitted, parameters=chosen), split).best(everybody, buy_again=False)

    bought = split.bought[everybody].toarray()
    by_taste = np.stack([bought[:, tastes == taste].sum(axis=1) for taste in range(tastes.max() + 1)], axis=1)
    favourite = by_taste.argmax(axis=1)
    sure = by_taste.max(axis=1) >= 6  # of less nobody can tell their taste
    found = (tastes[best[sure]] == favourite[sure, None]).mean()
    assert sure.sum() > 500
    assert found > 0.7  # by chance 0.1: there are ten tastes, and of the right one little is left that is new


def test_a_tuning_looks_at_nothing_from_its_day_on() -> None:
    purchases, _ = _invented(users=1_500, products=80)
    day = END - 40
    later = replace(purchases, product=np.where(purchases.day >= day, 0, purchases.product).astype(np.int32))
    assert tune(purchases, day=day, seed=1) == tune(later, day=day, seed=1)
    assert relearn(purchases, day=day, chosen=PLAIN, seed=1) == relearn(later, day=day, chosen=PLAIN, seed=1)


def test_with_too_few_customers_the_defaults_stand() -> None:
    few = _purchases([(user, product, END - 5) for user in range(20) for product in range(3)], products=3)
    assert tune(few, day=END, seed=1) == HyperParameters()
    assert relearn(few, day=END, chosen=PLAIN, seed=1) == PLAIN


def test_a_card_gives_back_the_hyper_parameters_it_was_written_with() -> None:
    chosen = HyperParameters(half_life_days=None, exponents=(0.1, 0.2, 0.3, 0.4, 0.5, -0.6, 0.7), buy_again_weight=0.5)
    assert HyperParameters.from_card(chosen.as_card()) == chosen
