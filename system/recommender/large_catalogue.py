"""Weights for catalogues above ease.DENSE_PRODUCTS, and the method by which their candidates are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from system.recommender.candidates import approximate_candidates, cap_histories, cosine_candidates
from system.recommender.embeddings import embed_products
from system.recommender.sparse_ease import sparse_ease

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy import sparse

EXACT_UP_TO: Final = 50_000_000_000
"""Co-occurrences, a history's length squared summed over the people, that are counted to find candidates.

Counting costs by purchases and not by products: at 100,000 products it took a seventh of the index's CPU time and
found all neighbours, where the index found 98 %. Above this limit (ten million people of 70 products) it takes
tens of minutes, and the index over embeddings takes its place.
"""
PER_PRODUCT: Final = 100
DIMS: Final = 64


def weights_for(
    bought: sparse.csr_array[np.float32],
    *,
    l2: float,
    per_product: int = PER_PRODUCT,
    embeddings: NDArray[np.float32] | None = None,
    seed: int = 0,
    on_products: Callable[[int], None] = lambda _done: None,
) -> sparse.csc_array[np.float32]:
    """W[source, target] of EASE^R with at most `per_product` sources a target, for any size of catalogue.

    `embeddings` are used above EXACT_UP_TO, and made when they are not given. Who bought more products than
    candidates.LONGEST_HISTORY counts with a sample of them. `on_products` hears how many products
    are done. Raises InputError where an index is needed and the extra `large` is not installed.
    """
    capped = cap_histories(bought, seed=seed)
    candidates = candidates_for(capped, per_product=per_product, embeddings=embeddings, seed=seed)
    return sparse_ease(capped, candidates=candidates, l2=l2, on_products=on_products)


def candidates_for(
    bought: sparse.csr_array[np.float32],
    *,
    per_product: int = PER_PRODUCT,
    embeddings: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> NDArray[np.int32]:
    """Candidates [N, per_product], padded with N, by the method for this size; they serve every `l2` that is tried."""
    if _count_cooccurrences(bought) <= EXACT_UP_TO:
        return cosine_candidates(bought, per_product=per_product)
    if embeddings is None:
        embeddings = embed_products(bought, dims=DIMS, seed=seed)
    return approximate_candidates(embeddings, per_product=per_product)


def _count_cooccurrences(bought: sparse.csr_array[np.float32]) -> int:
    return int(np.square(np.diff(bought.indptr).astype(np.int64)).sum())
