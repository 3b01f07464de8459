"""The ONNX graph against the same arithmetic in NumPy."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from system.recommender.graph import build_graph
from system.recommender.model_file import Catalogue, write_model
from system.recommender.scorer import Scorer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

SEED = 20261121
PRODUCTS, USERS, DIMS = 500, 300, 16


def _best_five(vectors: np.ndarray, history: list[int], in_stock: frozenset[int]) -> list[tuple[int, int]]:
    scores = vectors @ vectors[history].sum(axis=0)
    allowed = [row for row in range(len(vectors)) if row in in_stock and row not in history and scores[row] > 0]
    best = sorted(allowed, key=lambda row: -scores[row])[:5]
    return [(row, max(history, key=lambda old: vectors[row] @ vectors[old])) for row in best]


def test_onnx_and_numpy_choose_the_same_products_and_explanations(tmp_path: Path) -> None:
    print(f"seed {SEED}")  # noqa: T201  # a failure is repeated with it
    rng = np.random.default_rng(SEED)
    vectors = rng.normal(size=(PRODUCTS, DIMS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    histories = {u: rng.permutation(PRODUCTS)[: rng.integers(1, 60)].tolist() for u in range(USERS)}
    in_stock = frozenset(np.flatnonzero(rng.random(PRODUCTS) < 0.8).tolist())
    path = tmp_path / "model.onnx"
    known = Catalogue(range(PRODUCTS), range(PRODUCTS))
    write_model(path, build_graph(vectors), catalogue=known, trained_on=date(2026, 11, 21))

    found = Scorer.load(path).recommend(histories, in_stock=in_stock)

    for user, history in histories.items():
        expected = _best_five(vectors.astype(np.float64), history, in_stock)
        assert list(zip(found[user].product_ids, found[user].because_ids, strict=True)) == expected
