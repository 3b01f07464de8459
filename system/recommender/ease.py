"""EASE^R in closed form: what each bought product says about every other one (Steck 2019, arXiv:1905.03375)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

from system.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

DENSE_PRODUCTS: Final = 12_000
"""Above this the square matrix costs more memory and time than neighbours are worth: docs/recommender-scale.md."""
_ONE_THREAD_UP_TO: Final = 1_500


def ease_weights(bought: sparse.csr_array[np.float32], *, l2: float) -> NDArray[np.float32]:
    """Weights [source, target], zero on the diagonal: the ridge regression of each product on all others.

    Holds two square float32 matrices of the number of products, and works in place.
    """
    precision = _invert((bought.T @ bought).toarray(order="F"), l2=l2)
    scale = -1.0 / np.diag(precision)
    precision *= scale[None, :]
    np.fill_diagonal(precision, 0.0)
    return precision


def _invert(gram: NDArray[np.float32], *, l2: float) -> NDArray[np.float32]:
    """The inverse of (gram + l2 I), by Cholesky: half the work of a general inverse."""
    gram[np.diag_indices_from(gram)] += l2
    # Threads that wait for each other on a busy machine turn a millisecond into a second.
    with threadpool_limits(1 if len(gram) <= _ONE_THREAD_UP_TO else None):
        factor, failed = lapack.spotrf(gram, lower=1, overwrite_a=1)
        inverse, failed_too = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise ModelError(f"the products' matrix can't be inverted with l2={l2:g}. Train with a larger one.")
    return _mirror(inverse)


def _mirror(lower: NDArray[np.float32], *, block: int = 1_024) -> NDArray[np.float32]:
    """Copy the lower triangle to the upper one, block by block: no second matrix."""
    size = len(lower)
    for first in range(0, size, block):
        last = min(first + block, size)
        corner = lower[first:last, first:last]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        lower[first:last, last:] = lower[last:, first:last].T
    return lower
