"""Product embeddings from co-purchases: products that the same people buy point the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

if TYPE_CHECKING:
    from numpy.typing import NDArray


def embed_products(bought: sparse.csr_array[np.float32], *, dims: int, seed: int) -> NDArray[np.float32]:
    """One L2-normalised row per product, of `dims` columns or as many as the matrix has rank for.

    Their dot product approximates the cosine between the products' buyers. A product without buyers is all zeros.
    """
    lengths: NDArray[np.float32] = np.sqrt(np.asarray(bought.power(2).sum(axis=0)).ravel())
    scale = sparse.diags_array(1.0 / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
    values, directions = _largest_directions(sparse.csr_array(bought @ scale), dims=dims, seed=seed)
    return _normalise(_fix_signs(directions.T) * values)


def _largest_directions(
    matrix: sparse.csr_array[np.float32], *, dims: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Singular values, descending, and their right vectors as rows."""
    if min(matrix.shape) <= dims:  # the sparse solver needs more rank than it is asked for; this matrix is narrow
        _, values, directions = np.linalg.svd(matrix.toarray(), full_matrices=False)
        return values.astype(np.float32), directions.astype(np.float32)
    _, values, directions = svds(matrix, k=dims, rng=np.random.default_rng(seed))
    order = np.argsort(-values)
    return values[order].astype(np.float32), directions[order].astype(np.float32)


def _fix_signs(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """A singular vector's sign is arbitrary; the largest component positive makes runs comparable."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None, :], axis=0)
    return vectors * np.where(largest < 0, -1.0, 1.0).astype(np.float32)


def _normalise(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    usable = lengths > 1e-6  # noqa: PLR2004  # below float32's noise a direction means nothing
    return np.where(usable, rows / np.where(usable, lengths, 1.0), 0.0).astype(np.float32)
