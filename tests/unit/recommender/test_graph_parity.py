"""The ONNX graph against the same arithmetic in NumPy."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from system.recommender.fitting import Fitted
from system.recommender.hyper_parameters import HyperParameters
from system.recommender.neighbours import Neighbours, cut_neighbours
from system.recommender.recommendation import TOP
from system.recommender.shelf import History, Shelf
from system.recommender.trial_scorer import open_fitted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from system.recommender.recommendation import Recommendation

pytestmark = pytest.mark.unit

SEED = 20261121
USERS = 300


def _neighbours(rng: np.random.Generator, *, products: int, keep: int) -> Neighbours:
    weights = rng.normal(size=(products, products)).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return cut_neighbours(weights, demand=rng.random(products).astype(np.float32), keep=keep)


def _shelf(rng: np.random.Generator, *, products: int, per_category: int) -> Shelf:
    return Shelf(
        product_ids=np.arange(products),
        available=rng.random(products) < 0.8,
        family=rng.integers(0, max(products // 2, 1), products),
        category=rng.integers(0, 8, products),
        per_category=per_category,
        popular=[],
    )


def _histories(rng: np.random.Generator, *, products: int) -> dict[int, History]:
    def some() -> list[int]:
        count = int(rng.integers(1, min(60, products) + 1))
        return [int(row) for row in rng.permutation(products)[:count]]

    return {
        user: History(bought := some(), times=rng.integers(1, 4, len(bought)).tolist(), hidden=some()[:5])
        for user in range(USERS)
    }


def _scores(neighbours: Neighbours, history: History, *, bonus: float) -> np.ndarray:
    scores = np.zeros(neighbours.products + 1)
    for product, times in zip(history.bought, history.times, strict=True):
        np.add.at(scores, neighbours.ids[product], neighbours.weights[product])
        scores[product] += bonus * times
    return scores[:-1]


def _choose(scores: np.ndarray, shelf: Shelf, *, closed: set[int]) -> list[int]:
    """Greedily by score: one of a family, so many of a category."""
    chosen, families, categories = list[int](), set[int](), Counter[int]()
    for row in np.argsort(-scores, kind="stable").tolist():
        family, category = int(shelf.family[row]), int(shelf.category[row])
        blocked = row in closed or not shelf.available[row] or family in families
        if scores[row] > 0 and not blocked and categories[category] < shelf.per_category and len(chosen) < TOP:
            chosen.append(row)
            families.add(family)
            categories[category] += 1
    return chosen


def _reason(neighbours: Neighbours, history: History, product: int) -> int:
    found = {
        source: float(neighbours.weights[source][neighbours.ids[source] == product].sum()) for source in history.bought
    }
    best = max(found, key=lambda source: found[source])
    return best if found[best] > 0 else 0


@pytest.mark.parametrize(("products", "keep"), [(500, 100), (31, 30), (2, 1), (3_000, 20)])
@pytest.mark.parametrize("buy_again", [False, True])
@pytest.mark.parametrize("per_category", [2, 5])
def test_onnx_and_numpy_choose_the_same_products_and_explanations(
    products: int, keep: int, per_category: int, *, buy_again: bool
) -> None:
    print(f"seed {SEED}")  # noqa: T201  # a failure is repeated with it
    rng = np.random.default_rng(SEED)
    neighbours = _neighbours(rng, products=products, keep=keep)
    shelf = _shelf(rng, products=products, per_category=per_category)
    histories = _histories(rng, products=products)
    parameters = HyperParameters(buy_again_weight=0.25)
    scorer = open_fitted(Fitted(np.arange(products), neighbours, np.arange(products)), parameters=parameters)

    found: Mapping[int, Recommendation] = dict(scorer.score(histories, shelf=shelf, buy_again=buy_again))

    for user, history in histories.items():
        closed = set(history.hidden) if buy_again else {*history.hidden, *history.bought}
        expected = _choose(_scores(neighbours, history, bonus=0.25 * buy_again), shelf, closed=closed)
        assert found[user].product_ids == expected
        reasons = [_reason(neighbours, history, product) for product in expected]
        assert found[user].because_ids == reasons
