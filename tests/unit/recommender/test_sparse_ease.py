from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from system.recommender import sparse_ease as module
from system.recommender.sparse_ease import sparse_ease

pytestmark = pytest.mark.unit

PRODUCTS = 40
L2 = 3.0


def _bought(*, users: int = 300, products: int = PRODUCTS, seed: int = 5) -> sparse.csr_array[np.float32]:
    rng = np.random.default_rng(seed)
    return sparse.csr_array((rng.random((users, products)) < rng.random(products) * 0.3).astype(np.float32))


def _everybody_else(products: int = PRODUCTS) -> np.ndarray:
    return np.array([[j for j in range(products) if j != i] for i in range(products)], dtype=np.int32)


def _closed_form(bought: sparse.csr_array[np.float32], *, l2: float) -> np.ndarray:
    inverse = np.linalg.inv((bought.T @ bought).toarray().astype(np.float64) + l2 * np.eye(bought.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def test_with_everybody_as_candidate_it_is_ease_itself() -> None:
    bought = _bought()
    weights = sparse_ease(bought, candidates=_everybody_else(), l2=L2)
    assert weights.toarray() == pytest.approx(_closed_form(bought, l2=L2), abs=1e-5)


def test_a_column_is_the_ridge_regression_on_its_candidates() -> None:
    bought = _bought()
    candidates = np.full((PRODUCTS, 3), PRODUCTS, dtype=np.int32)
    candidates[7] = [1, 30, 12]
    some, all_ = bought.toarray()[:, [1, 30, 12]].astype(np.float64), bought.toarray().astype(np.float64)
    ridge = np.linalg.solve(some.T @ some + L2 * np.eye(3), some.T @ all_[:, 7])
    column = sparse_ease(bought, candidates=candidates, l2=L2).toarray()[:, 7]
    assert column[[1, 30, 12]] == pytest.approx(ridge, abs=1e-5)
    assert np.count_nonzero(column) == 3


def test_a_product_among_its_own_candidates_does_not_explain_itself() -> None:
    bought = _bought()
    everybody = np.tile(np.arange(PRODUCTS, dtype=np.int32), (PRODUCTS, 1))
    weights = sparse_ease(bought, candidates=everybody, l2=L2)
    assert weights.toarray() == pytest.approx(_closed_form(bought, l2=L2), abs=1e-5)
    assert (weights.diagonal() == 0).all()


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bought = _bought()
    candidates = np.random.default_rng(1).integers(0, PRODUCTS + 1, size=(PRODUCTS, 6), dtype=np.int32)
    candidates = np.array([[*dict.fromkeys(row), *[PRODUCTS] * 6][:6] for row in candidates.tolist()], dtype=np.int32)
    whole = sparse_ease(bought, candidates=candidates, l2=L2).toarray()
    monkeypatch.setattr(module, "BLOCK_PRODUCTS", 5)
    monkeypatch.setattr(module, "SOLVED_AT_ONCE", 2)
    assert sparse_ease(bought, candidates=candidates, l2=L2).toarray() == pytest.approx(whole, abs=1e-6)


def test_only_the_asked_targets_get_a_column() -> None:
    bought = _bought()
    asked = sparse_ease(bought, candidates=_everybody_else(), l2=L2, targets=np.array([4, 9], dtype=np.int32))
    assert set(asked.nonzero()[1].tolist()) == {4, 9}
    assert asked.toarray()[:, 9] == pytest.approx(_closed_form(bought, l2=L2)[:, 9], abs=1e-5)


def test_it_tells_how_many_products_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_PRODUCTS", 5)
    heard: list[int] = []
    candidates = np.array([[(i + 1) % PRODUCTS] for i in range(PRODUCTS)], dtype=np.int32)
    sparse_ease(_bought(), candidates=candidates, l2=L2, on_products=heard.append)
    assert heard == sorted(heard)
    assert len(heard) > 3
    assert heard[-1] == PRODUCTS


def test_a_product_that_nobody_bought_has_no_weights() -> None:
    bought = _bought().tolil()
    bought[:, 3] = 0
    weights = sparse_ease(sparse.csr_array(bought), candidates=_everybody_else(), l2=L2).toarray()
    assert not weights[3].any()
    assert not weights[:, 3].any()


def test_a_catalogue_of_one_has_no_weights() -> None:
    bought = sparse.csr_array(np.ones((4, 1), dtype=np.float32))
    weights = sparse_ease(bought, candidates=np.array([[1, 1]], dtype=np.int32), l2=L2)
    assert weights.shape == (1, 1)
    assert weights.nnz == 0


def test_weights_are_single_precision_with_small_indices() -> None:
    weights = sparse_ease(_bought(), candidates=_everybody_else(), l2=L2)
    assert (weights.data.dtype, weights.indices.dtype) == (np.float32, np.int32)
