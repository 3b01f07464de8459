"""Which products may be reasons for which: the nearest by common buyers, in the memory of one block of products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from system.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_HISTORY = 1_000
"""A history of n products costs n² co-occurrences: one robot of 50,000 as much as 2,500 people of 1,000."""
BLOCK = 512
GRAPH_LINKS = 32


def cap_histories(
    bought: sparse.csr_array[np.float32], *, longest: int = LONGEST_HISTORY, seed: int = 0
) -> sparse.csr_array[np.float32]:
    """The same matrix where whoever bought more than `longest` products keeps those of greatest value.

    That is the newest where values fade with time, and a random sample where all are equal.
    """
    lengths = np.diff(bought.indptr)
    long = np.flatnonzero(lengths > longest)
    if not len(long):
        return bought
    rng = np.random.default_rng(seed)
    kept = np.ones(bought.nnz, dtype=np.bool_)
    for user in long:
        start, end = bought.indptr[user], bought.indptr[user + 1]
        best_first = np.lexsort((rng.random(end - start), -bought.data[start:end]))
        kept[start + best_first[longest:]] = False
    starts = np.concatenate([[0], np.cumsum(np.minimum(lengths, longest))])
    return sparse.csr_array((bought.data[kept], bought.indices[kept], starts), shape=bought.shape)


def cosine_candidates(
    bought: sparse.csr_array[np.float32], *, per_product: int, block: int = BLOCK
) -> NDArray[np.int32]:
    """Per product the `per_product` others with the greatest cosine between buyers, nearest first, padded with N.

    Exact. The work is the sum of the squared lengths of the histories, whatever the number of products; memory is
    that of `block` rows of co-occurrences.
    """
    products = bought.shape[1]
    by_product = sparse.csr_array(bought.T)
    lengths = np.sqrt(by_product.power(2).sum(axis=1))
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    found = np.full((products, per_product), products, dtype=np.int32)
    for start in range(0, products, block):
        rows = sparse.csr_array(by_product[start : start + block] @ bought)
        _keep_nearest(rows, scale=scale, first=start, found=found)
    return found


def _keep_nearest(
    rows: sparse.csr_array[np.float32], *, scale: NDArray[np.float32], first: int, found: NDArray[np.int32]
) -> None:
    """Write the nearest of each row of co-occurrences into `found`; the row's own factor changes no order."""
    for at in range(rows.shape[0]):
        others = rows.indices[rows.indptr[at] : rows.indptr[at + 1]]
        likeness = rows.data[rows.indptr[at] : rows.indptr[at + 1]] * scale[others]
        likeness[others == first + at] = -1.0
        best = _greatest(likeness, most=min(found.shape[1] + 1, len(others)))
        best = best[likeness[best] > 0][: found.shape[1]]
        found[first + at, : len(best)] = others[best]


def _greatest(values: NDArray[np.float32], *, most: int) -> NDArray[np.intp]:
    """Where the greatest values stand, greatest first, equal ones in their order."""
    if most < len(values):
        at_least = np.partition(values, len(values) - most)[len(values) - most]
        places = np.flatnonzero(values >= at_least)
    else:
        places = np.arange(len(values))
    return places[np.argsort(-values[places], kind="stable")][:most]


def approximate_candidates(
    embeddings: NDArray[np.float32], *, per_product: int, breadth: int = 128, block: int = 16_384
) -> NDArray[np.int32]:
    """The same from L2-normalised embeddings through a graph index (HNSW of faiss), padded with N.

    `breadth` is how many products a search keeps in view: more find more of the true neighbours and cost time.
    A product whose embedding is all zeros is nobody's neighbour and has none. Raises InputError without faiss.
    """
    faiss = _load_faiss()
    products, dims = embeddings.shape
    found = np.full((products, per_product), products, dtype=np.int32)
    known = np.flatnonzero(embeddings.any(axis=1)).astype(np.int32)
    index = faiss.IndexHNSWFlat(dims, GRAPH_LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efSearch = max(breadth, per_product + 1)
    index.add(embeddings[known])
    for start in range(0, len(known), block):
        asking = known[start : start + block]
        _, places = index.search(embeddings[asking], min(per_product + 1, len(known)))
        found[asking] = _without_self(places, asking=asking, known=known, found=found[asking])
    return found


def _without_self(
    places: NDArray[np.int64], *, asking: NDArray[np.int32], known: NDArray[np.int32], found: NDArray[np.int32]
) -> NDArray[np.int32]:
    """The index's answers as products; it answers -1 where it finds no more."""
    padding = found[0, 0]
    answers = np.where(places < 0, padding, known[places])
    answers[answers == asking[:, None]] = padding
    order = np.argsort(answers == padding, axis=1, kind="stable")[:, : found.shape[1]]
    found[:, : order.shape[1]] = np.take_along_axis(answers, order, axis=1)
    return found


def _load_faiss() -> Any:
    try:
        import faiss  # noqa: PLC0415  # optional: only catalogues above the exact limit need it
    except ImportError:
        raise InputError(
            field="faiss",
            value=None,
            problem="is not installed, and a catalogue of this size needs its index",
            remedy="Install the extra: pip install 'steadypost[large]'.",
        ) from None
    return faiss
