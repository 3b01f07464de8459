"""A record of purchases written out by hand, and truths and lists likewise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from system.recommender.evaluation.ranking import NOTHING
from system.recommender.evaluation.splits import Truth
from system.recommender.purchases import Purchases, collect_purchases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def record(lines: Sequence[tuple[int, int, int]], *, products: int, first_id: int = 0) -> Purchases:
    """Lines of (user, product, day); products are numbered on from `first_id`."""
    ids = np.arange(first_id, first_id + products)
    return collect_purchases([np.array(lines, dtype=np.int64).reshape(-1, 3)], product_ids=ids)


def truth_of(bought: Sequence[Sequence[int]], *, products: int) -> Truth:
    """What each customer bought."""
    matrix = np.zeros((len(bought), products), dtype=np.float32)
    for line, rows in enumerate(bought):
        matrix[line, list(rows)] = 1
    return Truth(np.arange(len(bought), dtype=np.int32), sparse.csr_array(matrix))


def lists_of(*lists: Sequence[int]) -> NDArray[np.int32]:
    """Lists of up to five products, padded."""
    return np.array([[*rows, *[NOTHING] * (5 - len(rows))] for rows in lists], dtype=np.int32)
