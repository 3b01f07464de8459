from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy import sparse

from loadtests.purchases import Assortment, Habits, invent_purchases
from system.errors import InputError
from system.recommender import large_catalogue
from system.recommender.large_catalogue import candidates_for, weights_for

pytestmark = pytest.mark.unit

SEED = 20
USERS, PRODUCTS, TASTES = 3_000, 600, 10


def _population() -> tuple[sparse.csr_array[np.float32], np.ndarray]:
    """Who bought what, and the taste of each product."""
    rng = np.random.default_rng(SEED)
    assortment = Assortment.plan(rng, products=PRODUCTS, habits=Habits())
    lines = invent_purchases(rng, users=USERS, assortment=assortment)
    ones = np.ones(len(lines.user), dtype=np.float32)
    pairs = (lines.user.astype(np.int32), lines.product.astype(np.int32))
    bought = sparse.csr_array((ones, pairs), shape=(USERS, PRODUCTS))
    bought.sum_duplicates()
    bought.data[:] = 1.0
    return bought, assortment.tastes()


def _share_within_taste(
    bought: sparse.csr_array[np.float32], weights: sparse.csc_array[np.float32], *, taste: np.ndarray
) -> float:
    """Of five new products for each who bought at least five: how many are of the taste they buy most of."""
    people = np.flatnonzero(np.diff(bought.indptr) >= 5)
    own = bought[people].toarray()
    scores = own @ weights.toarray()
    scores[own > 0] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :5]
    mine = (own @ np.eye(TASTES)[taste]).argmax(axis=1)
    return float((taste[best] == mine[:, None]).mean())


def test_the_model_recovers_the_tastes_that_were_planted() -> None:
    bought, taste = _population()
    assert _share_within_taste(bought, weights_for(bought, l2=20, per_product=50), taste=taste) > 0.8  # chance: 0.1


def test_where_counting_would_take_too_long_the_index_recovers_them_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_catalogue, "EXACT_UP_TO", 100_000)  # it has half a million co-occurrences
    bought, taste = _population()
    assert _share_within_taste(bought, weights_for(bought, l2=20, per_product=50), taste=taste) > 0.8


def test_the_index_is_needed_only_where_counting_would_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    bought, _ = _population()
    assert candidates_for(bought, per_product=5).shape == (PRODUCTS, 5)
    monkeypatch.setattr(large_catalogue, "EXACT_UP_TO", 100_000)
    with pytest.raises(InputError, match=r"steadypost\[large\]"):
        candidates_for(bought, per_product=5)


def test_where_nothing_was_planted_nothing_is_found() -> None:
    bought, taste = _population()
    shuffled = np.random.default_rng(SEED + 1).permutation(taste)
    assert _share_within_taste(bought, weights_for(bought, l2=20, per_product=50), taste=shuffled) < 0.2
