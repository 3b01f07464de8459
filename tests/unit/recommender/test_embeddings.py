from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from system.recommender.embeddings import embed_products
from system.recommender.purchases import collect_purchases

if TYPE_CHECKING:
    from scipy import sparse

pytestmark = pytest.mark.unit


def purchase_matrix(chunks: list[np.ndarray], *, product_ids: np.ndarray) -> sparse.csr_array:
    lines = (np.column_stack([pairs, np.zeros(len(pairs), dtype=np.int64)]) for pairs in chunks)
    return collect_purchases(lines, product_ids=product_ids).matrix()


TEA, MUG, ROPE, TENT = 10, 20, 30, 40
PRODUCTS = np.array([TEA, MUG, ROPE, TENT])


def _matrix(*pairs: tuple[int, int]) -> np.ndarray:
    return purchase_matrix([np.array(pairs, dtype=np.int64)], product_ids=PRODUCTS).toarray()


def test_a_product_bought_twice_counts_once() -> None:
    assert _matrix((7, MUG), (7, MUG), (9, TEA)).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]]


def test_an_order_of_a_product_that_left_the_catalogue_is_left_out() -> None:
    assert _matrix((7, TEA), (7, 15), (7, 99)).tolist() == [[1, 0, 0, 0]]


def test_chunks_of_one_user_become_one_row() -> None:
    chunks = [np.array([[7, TEA]]), np.array([[7, ROPE]])]
    assert purchase_matrix(chunks, product_ids=PRODUCTS).toarray().tolist() == [[1, 0, 1, 0]]


def test_products_that_the_same_people_buy_point_the_same_way() -> None:
    pairs = [(user, product) for user in range(5) for product in (TEA, MUG)]
    pairs += [(user, product) for user in range(5, 9) for product in (ROPE, TENT)]
    bought = purchase_matrix([np.array(pairs)], product_ids=PRODUCTS)
    tea, mug, rope, tent = embed_products(bought, dims=2, seed=1)
    assert tea @ mug == pytest.approx(1)
    assert rope @ tent == pytest.approx(1)
    assert tea @ rope == pytest.approx(0, abs=1e-6)


def test_enough_dimensions_reproduce_the_cosine_between_buyers() -> None:
    pairs = [(1, TEA), (1, MUG), (2, TEA), (3, MUG), (3, TEA), (4, ROPE), (4, TEA)]
    bought = purchase_matrix([np.array(pairs)], product_ids=PRODUCTS)
    tea, mug, rope, _ = embed_products(bought, dims=8, seed=1)
    assert tea @ mug == pytest.approx(2 / np.sqrt(4 * 2))
    assert tea @ rope == pytest.approx(1 / np.sqrt(4 * 1))


def test_a_product_without_buyers_points_nowhere() -> None:
    bought = purchase_matrix([np.array([(1, TEA), (1, MUG), (2, TEA)])], product_ids=PRODUCTS)
    assert embed_products(bought, dims=2, seed=1)[3].tolist() == [0, 0]


def test_the_same_seed_gives_the_same_embeddings() -> None:
    rng = np.random.default_rng(5)
    ids = np.arange(100)
    pairs = np.column_stack([rng.integers(0, 300, 3000), rng.integers(0, 100, 3000)])
    first, second = (embed_products(purchase_matrix([pairs], product_ids=ids), dims=8, seed=3) for _ in range(2))
    assert first.shape == (100, 8)
    assert np.array_equal(first, second)
    assert np.linalg.norm(first, axis=1) == pytest.approx(np.ones(100), abs=1e-5)


def test_a_catalogue_of_one_has_an_embedding() -> None:
    bought = purchase_matrix([np.array([(1, TEA), (2, TEA)])], product_ids=np.array([TEA]))
    assert embed_products(bought, dims=64, seed=1).tolist() == [[1.0]]
