from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from system.recommender import sparse_neighbours
from system.recommender.neighbours import cut_neighbours
from system.recommender.sparse_neighbours import cut_sparse_neighbours

pytestmark = pytest.mark.unit


def _weights(*, products: int = 60, seed: int = 9) -> sparse.csc_array[np.float32]:
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(products, products)) * (rng.random((products, products)) < 0.3)
    np.fill_diagonal(dense, 0)
    return sparse.csc_array(dense.astype(np.float32))


@pytest.mark.parametrize("keep", [1, 7, 59, 200])
@pytest.mark.parametrize("block", [1, 16, 1_000])
def test_it_keeps_what_the_dense_cut_keeps(keep: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse_neighbours, "_BLOCK", block)
    demand = np.random.default_rng(2).random(60).astype(np.float32)
    found = cut_sparse_neighbours(_weights(), demand=demand, keep=keep)
    dense = cut_neighbours(_weights().toarray(), demand=demand, keep=keep)
    assert np.array_equal(found.ids, dense.ids)
    assert np.array_equal(found.weights, dense.weights)


def test_a_product_that_says_nothing_of_others_has_padding_alone() -> None:
    weights = sparse.csc_array(np.array([[0, 0.5, 0], [-1, 0, 0], [0, 0, 0]], dtype=np.float32))
    found = cut_sparse_neighbours(weights, demand=np.ones(3, dtype=np.float32), keep=2)
    assert found.ids.tolist() == [[1, 3], [0, 3], [3, 3]]
    assert found.weights.tolist() == [[0.5, 0], [-1, 0], [0, 0]]
