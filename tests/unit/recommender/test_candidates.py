from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy import sparse

from system.errors import InputError
from system.recommender.candidates import approximate_candidates, cap_histories, cosine_candidates

pytestmark = pytest.mark.unit

TEA, MUG, ROPE, TENT, NOTHING = range(5)


def _bought(*histories: list[int], products: int = 5) -> sparse.csr_array[np.float32]:
    rows = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
    columns = np.concatenate([np.array(history, dtype=np.int64) for history in histories])
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.csr_array((ones, (rows, columns)), shape=(len(histories), products))


def _random(*, users: int, products: int, seed: int) -> sparse.csr_array[np.float32]:
    rng = np.random.default_rng(seed)
    return sparse.csr_array((rng.random((users, products)) < 0.1).astype(np.float32))


def test_the_nearest_have_the_greatest_cosine_between_their_buyers() -> None:
    bought = _bought([TEA, MUG], [TEA, MUG], [TEA, ROPE], [ROPE, TENT], [ROPE], [ROPE])
    assert cosine_candidates(bought, per_product=2)[TEA].tolist() == [MUG, ROPE]  # 2/√(3·2) before 1/√(3·4)


def test_places_without_a_candidate_hold_the_number_of_products() -> None:
    found = cosine_candidates(_bought([TEA, MUG], [ROPE]), per_product=3)
    assert found[TEA].tolist() == [MUG, 5, 5]
    assert found[ROPE].tolist() == [5, 5, 5]
    assert found[NOTHING].tolist() == [5, 5, 5]


def test_nobody_is_their_own_candidate() -> None:
    found = cosine_candidates(_random(users=60, products=30, seed=3), per_product=29)
    assert not (found == np.arange(30)[:, None]).any()


def test_the_size_of_a_block_changes_nothing() -> None:
    bought = _random(users=200, products=50, seed=4)
    whole = cosine_candidates(bought, per_product=10, block=50)
    assert np.array_equal(cosine_candidates(bought, per_product=10, block=7), whole)


def test_a_catalogue_of_one_has_no_candidates() -> None:
    assert cosine_candidates(_bought([0], [0], products=1), per_product=3).tolist() == [[1, 1, 1]]


def test_a_robot_that_bought_everything_keeps_a_sample() -> None:
    bought = _bought([TEA, MUG], [TEA, MUG, ROPE, TENT], [ROPE])
    capped = cap_histories(bought, longest=2, seed=1)
    assert np.diff(capped.indptr).tolist() == [2, 2, 1]
    assert set(capped[1].nonzero()[0].tolist()) < {TEA, MUG, ROPE, TENT}
    assert (capped[[0, 2]] != bought[[0, 2]]).nnz == 0


def test_where_purchases_fade_the_robot_keeps_its_newest() -> None:
    bought = sparse.csr_array(np.array([[0.2, 0.9, 0.1, 0.5, 0]], dtype=np.float32))
    assert cap_histories(bought, longest=2).toarray() == pytest.approx(np.array([[0, 0.9, 0, 0.5, 0]]))


def test_purchases_that_fade_count_for_the_cosine_as_they_are() -> None:
    bought = sparse.csr_array(np.array([[1, 0.1, 1], [0, 0, 1], [0, 0, 1]], dtype=np.float32))
    assert cosine_candidates(bought, per_product=2)[0].tolist() == [1, 2]  # cosines 1 and 1/√3


def test_the_same_seed_keeps_the_same_sample() -> None:
    bought = _random(users=5, products=500, seed=6)
    first, again, other = (cap_histories(bought, longest=10, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.indices, again.indices)
    assert not np.array_equal(first.indices, other.indices)


def test_histories_of_usual_length_stay_as_they_are() -> None:
    bought = _random(users=5, products=50, seed=6)
    assert cap_histories(bought) is bought


def test_the_index_finds_nearly_all_true_neighbours() -> None:
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(2_000, 16)) + 3 * rng.normal(size=(50, 16))[rng.integers(0, 50, 2_000)]
    embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    likeness = embeddings @ embeddings.T
    np.fill_diagonal(likeness, -1)
    exact = np.argsort(-likeness, axis=1)[:, :10]
    found = approximate_candidates(embeddings, per_product=10)
    assert found.shape == (2_000, 10)
    assert not (found == np.arange(2_000)[:, None]).any()
    shared = [len(set(mine) & set(true)) for mine, true in zip(found.tolist(), exact.tolist(), strict=True)]
    assert sum(shared) / 20_000 > 0.95


def test_the_index_leaves_out_products_that_point_nowhere() -> None:
    embeddings = np.array([[1, 0], [0, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    assert approximate_candidates(embeddings, per_product=2).tolist() == [[2, 3], [4, 4], [0, 3], [2, 0]]


def test_more_candidates_than_products_are_padded() -> None:
    embeddings = np.array([[1, 0], [0.8, 0.6]], dtype=np.float32)
    assert approximate_candidates(embeddings, per_product=4).tolist() == [[1, 2, 2, 2], [0, 2, 2, 2]]


def test_without_the_index_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match=r"steadypost\[large\]"):
        approximate_candidates(np.eye(3, dtype=np.float32), per_product=2)
