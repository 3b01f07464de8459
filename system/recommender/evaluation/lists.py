"""What lists of five are like, whoever buys from them: coverage, novelty, diversity, and how much is bought again."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from system.recommender.evaluation.baselines import normal_columns
from system.recommender.evaluation.ranking import NOTHING
from system.recommender.recommendation import TOP

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIRS = np.array(list(combinations(range(TOP), 2)))


def coverage(best: NDArray[np.int32], *, products: int) -> float:
    """The share of the catalogue that stands in at least one list."""
    return len(np.unique(best[best != NOTHING])) / max(products, 1)


def novelty(best: NDArray[np.int32], *, bought: sparse.csr_array[np.float32]) -> NDArray[np.float64]:
    """Each list's mean of -log2(share of customers who bought the product): 10 bits are one customer of 1,024.

    A product that nobody bought counts as bought by one; NaN for an empty list.
    """
    buyers: NDArray[np.float32] = np.asarray(bought.sum(axis=0)).ravel()
    customers = max(int((np.diff(bought.indptr) > 0).sum()), 1)
    bits = -np.log2(np.maximum(buyers, 1) / customers)
    return _mean_where(bits[best], best != NOTHING)


def diversity(best: NDArray[np.int32], *, bought: sparse.csr_array[np.float32]) -> NDArray[np.float64]:
    """Each list's mean of 1 - cosine between the buyers of two of its products; NaN for fewer than two."""
    used = np.unique(best[best != NOTHING])
    if not len(used):
        return np.full(len(best), np.nan)
    columns = sparse.csc_array(normal_columns(bought))[:, used]
    likeness = np.clip((columns.T @ columns).toarray(), 0.0, 1.0)
    places = np.minimum(np.searchsorted(used, best), len(used) - 1)
    left, right = places[:, PAIRS[:, 0]], places[:, PAIRS[:, 1]]
    both = (best[:, PAIRS[:, 0]] != NOTHING) & (best[:, PAIRS[:, 1]] != NOTHING)
    return _mean_where(1.0 - likeness[left, right], both)


def repeats(
    best: NDArray[np.int32], *, users: NDArray[np.int32], bought: sparse.csr_array[np.float32]
) -> NDArray[np.float64]:
    """The share of each list that the customer bought before; NaN for an empty list."""
    lines, columns = bought[users].nonzero()
    products = bought.shape[1]
    there = lines.astype(np.int64) * products + columns
    asked = np.arange(len(best), dtype=np.int64)[:, None] * products + best
    return _mean_where(np.isin(asked, there).astype(np.float64), best != NOTHING)


def _mean_where(values: NDArray[np.floating], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    counts = where.sum(axis=1)
    sums = np.where(where, values, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
