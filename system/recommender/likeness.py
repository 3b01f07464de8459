"""How alike products' names are: what helps the few-bought ones, whose buyers say little yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST: Final = 30
LEAST: Final = 0.3
_BLOCK: Final = 512


def like_names(described: sparse.csr_array[np.float32]) -> sparse.csc_array[np.float32]:
    """[source, target], the cosine of their descriptions where it is LEAST or more; at most MOST sources a target.

    `described` has one row of length 1 per product, or an empty one.
    """
    size = described.shape[0]
    columns = sparse.csc_array(described.T)
    found = [_nearest(described, columns, first=first) for first in range(0, size, _BLOCK)]
    if not found:
        return sparse.csc_array((size, size), dtype=np.float32)
    return sparse.csc_array(sparse.vstack(found, format="csr").T)


def _nearest(
    described: sparse.csr_array[np.float32], columns: sparse.csc_array[np.float32], *, first: int
) -> sparse.csr_array[np.float32]:
    likeness = sparse.csr_array(described[first : first + _BLOCK] @ columns)
    chosen = list(_best(likeness, first=first))
    rows = np.repeat(np.arange(len(chosen)), [len(places) for places in chosen])
    places = np.concatenate(chosen)
    entries = (likeness.data[places], (rows, likeness.indices[places]))
    return sparse.csr_array(entries, shape=likeness.shape)


def _best(likeness: sparse.csr_array[np.float32], *, first: int) -> Iterator[NDArray[np.int64]]:
    """Places in the data of each row's best, without the product itself."""
    for at in range(likeness.shape[0]):
        places = np.arange(likeness.indptr[at], likeness.indptr[at + 1])
        able = places[(likeness.data[places] >= LEAST) & (likeness.indices[places] != first + at)]
        yield able[np.argsort(-likeness.data[able], kind="stable")[:MOST]]
