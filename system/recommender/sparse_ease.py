"""EASE^R where the catalogue squared fits in no memory: each product is explained by its own few candidates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

BLOCK_PRODUCTS = 2_048
SOLVED_AT_ONCE = 64
THREADS = 2


def sparse_ease(
    bought: sparse.csr_array[np.float32],
    *,
    candidates: NDArray[np.int32],
    l2: float,
    targets: NDArray[np.int32] | None = None,
    on_products: Callable[[int], None] = lambda _done: None,
) -> sparse.csc_array[np.float32]:
    """W[source, target], where a target's column is the ridge regression of its buyers on those of its candidates.

    With G = X'X and S the candidates of target j: w = (G_SS + l2 I)^-1 G_Sj. With all other products as
    candidates this is EASE^R itself (Steck 2019, arXiv:1905.03375: both minimise |X_j - X w|² + l2 |w|² with
    w_j = 0); with few it is a member of the sparse family of Steck, "Markov Random Fields for Collaborative
    Filtering", NeurIPS 2019. `candidates` [N, C] is padded with N; only `targets` (all when None) get a column.
    `on_products` hears how many targets are done. Memory beside the result does not grow with the catalogue.
    """
    products = bought.shape[1]
    by_product = sparse.csc_array(bought)
    weights = np.zeros(candidates.shape, dtype=np.float32)
    asked = np.arange(products, dtype=np.int32) if targets is None else targets
    done = 0
    solve = partial(_solve_block, by_product, candidates=candidates, l2=l2, weights=weights)
    # A BLAS with threads of its own takes 95 ms for a system of 100 unknowns that takes it 0.1 ms alone.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(THREADS) as pool:
        for solved in pool.map(solve, _blocks(asked, candidates=candidates)):
            done += solved
            on_products(done)
    return _as_columns(weights, candidates=candidates)


def _blocks(asked: NDArray[np.int32], *, candidates: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
    """The targets in groups that together have at most BLOCK_PRODUCTS candidates (a single one may have more)."""
    products = len(candidates)
    seen = np.zeros(products + 1, dtype=np.bool_)
    block: list[int] = []
    size = 0
    for target in _neighbourly(asked, candidates=candidates):
        family = np.append(candidates[target], target)
        fresh = int(np.count_nonzero(~seen[family]))
        if block and size + fresh > BLOCK_PRODUCTS:
            yield np.array(block, dtype=np.int32)
            seen[:] = False
            block, size, fresh = [], 0, len(family)
        seen[family] = True
        block.append(target)
        size += fresh
    if block:
        yield np.array(block, dtype=np.int32)


def _neighbourly(asked: NDArray[np.int32], *, candidates: NDArray[np.int32]) -> Iterator[int]:
    """Every asked target once, each followed by its own candidates, so that neighbours stand together."""
    waiting = np.zeros(len(candidates) + 1, dtype=np.bool_)
    waiting[asked] = True
    for leader in asked:
        if waiting[leader]:
            group = np.append(leader, candidates[leader])
            group = group[waiting[group]]
            waiting[group] = False
            yield from dict.fromkeys(group.tolist())


def _solve_block(
    by_product: sparse.csc_array[np.float32],
    block: NDArray[np.int32],
    *,
    candidates: NDArray[np.int32],
    l2: float,
    weights: NDArray[np.float32],
) -> int:
    """Solve the targets of one block and write their rows of `weights`; returns how many they are."""
    products = by_product.shape[1]
    members = np.unique(np.append(candidates[block], block))
    members = members[members < products]
    gram = _gram(by_product, members)
    for start in range(0, len(block), SOLVED_AT_ONCE):
        targets = block[start : start + SOLVED_AT_ONCE]
        weights[targets] = _solve(gram, members, targets, candidates=candidates[targets], l2=l2)
    return len(block)


def _gram(by_product: sparse.csc_array[np.float32], members: NDArray[np.int32]) -> NDArray[np.float32]:
    """Common buyers of the members, with a last row and column of zeros for the padding."""
    columns = by_product[:, members]
    columns = sparse.csc_array(
        (columns.data, columns.indices, np.append(columns.indptr, columns.indptr[-1])),
        shape=(columns.shape[0], len(members) + 1),
    )
    gram: NDArray[np.float32] = (columns.T @ columns).toarray()
    return gram


def _solve(
    gram: NDArray[np.float32],
    members: NDArray[np.int32],
    targets: NDArray[np.int32],
    *,
    candidates: NDArray[np.int32],
    l2: float,
) -> NDArray[np.float32]:
    """One row of weights per target; a target among its own candidates counts as padding."""
    usable = (candidates < members[-1] + 1) & (candidates != targets[:, None])
    at = np.where(usable, np.searchsorted(members, candidates), len(members))
    rows = at * len(gram)
    system = gram.ravel().take(rows[:, :, None] + at[:, None, :])
    diagonal = np.arange(candidates.shape[1])
    system[:, diagonal, diagonal] += np.float32(l2)
    answer = gram.ravel().take(rows + np.searchsorted(members, targets)[:, None])
    solved: NDArray[np.float32] = np.linalg.solve(system, answer[:, :, None])[:, :, 0]
    return solved


def _as_columns(weights: NDArray[np.float32], *, candidates: NDArray[np.int32]) -> sparse.csc_array[np.float32]:
    products = len(candidates)
    kept = weights != 0
    starts = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
    matrix = sparse.csc_array((weights[kept], candidates[kept], starts), shape=(products, products))
    matrix.sort_indices()
    return matrix
