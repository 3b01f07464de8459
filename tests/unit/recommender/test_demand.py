from __future__ import annotations

import numpy as np
import pytest

from system.recommender.demand import (
    FEATURES,
    PLAIN,
    WINDOWS_DAYS,
    choices_of,
    demand,
    demand_features,
    learn_exponents,
)
from system.recommender.purchases import Purchases

pytestmark = pytest.mark.unit

SEED = 20261121
AT = FEATURES.index


def _purchases(lines: list[tuple[int, int, int]], *, products: int) -> Purchases:
    user, product, day = (np.array(column, dtype=np.int32) for column in zip(*lines, strict=True))
    return Purchases(np.arange(user.max() + 1), np.arange(products), user, product, day)


def test_buyers_are_counted_once_and_only_before_the_day() -> None:
    lines = [(0, 0, 95), (0, 0, 96), (1, 0, 60), (2, 0, 100), (0, 1, 99)]
    features = np.expm1(demand_features(_purchases(lines, products=3), day=100))
    assert features[0].round(3).tolist() == [1, 1, 1, 2, 2, 2, 40]
    assert features[1].round(3).tolist() == [1, 1, 1, 1, 1, 1, 1]
    assert features[2].round(3).tolist() == [0, 0, 0, 0, 0, 0, 0]
    assert WINDOWS_DAYS == (7, 14, 28, 56, 112)


def test_demand_is_greatest_for_what_sells_now_and_did_not_before() -> None:
    features = np.zeros((3, len(FEATURES)), dtype=np.float32)
    features[:, AT("buyers_28d")] = np.log([11, 11, 2])
    features[:, AT("buyers_ever")] = np.log([11, 101, 101])
    assert demand(features, exponents=PLAIN).tolist() == pytest.approx([1, 11 / 101, 2 / 101])


def test_the_exponents_that_people_chose_by_are_found_again() -> None:
    print(f"seed {SEED}")  # noqa: T201  # a failure is repeated with it
    rng = np.random.default_rng(SEED)
    people, products = 3_000, 60
    features = rng.normal(size=(products, len(FEATURES))).astype(np.float32)
    truth = (0.0, 0.5, 1.0, 0.0, -0.5, -0.8, 0.3)
    scores = rng.gamma(2.0, size=(people, products)).astype(np.float32)
    odds = scores.astype(np.float64) * demand(features, exponents=truth)
    taken = np.zeros((people, products), dtype=np.bool_)
    for person, row in enumerate(odds):
        taken[person, rng.choice(products, p=row / row.sum())] = True

    learned = learn_exponents([choices_of(scores, taken, features=features)])

    assert learned == pytest.approx(truth, abs=0.12)


def test_without_any_choice_the_plain_exponents_stand() -> None:
    nobody = choices_of(
        np.zeros((2, 3), np.float32), np.ones((2, 3), np.bool_), features=np.zeros((3, len(FEATURES)), np.float32)
    )
    assert learn_exponents([nobody]) == PLAIN
    assert learn_exponents([]) == PLAIN
