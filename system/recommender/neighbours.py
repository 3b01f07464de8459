"""For each product the few others that it speaks for most, as two rectangular arrays: what the graph looks up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Weights: TypeAlias = "NDArray[np.float32] | sparse.csc_array[np.float32]"
"""[source, target], dense or sparse."""

_BLOCK: Final = 512


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Row x holds the targets of product x, strongest first, padded with the number of products and weight 0."""

    ids: NDArray[np.int32]
    weights: NDArray[np.float32]

    @property
    def products(self) -> int:
        """How many products there are."""
        return len(self.ids)


def cut_neighbours(weights: Weights, *, demand: NDArray[np.float32], keep: int) -> Neighbours:
    """The `keep` targets per source whose weight times demand is farthest from 0, for or against.

    Demand is multiplied in before the cut: a product that nobody wants now takes no place from one that sells.
    What speaks against a product stays as well: without it those that half of all buyers have in common would win.
    """
    products = len(demand)
    keep = max(1, min(keep, products - 1))
    ids = np.full((products, keep), products, dtype=np.int32)
    kept = np.zeros((products, keep), dtype=np.float32)
    for rows, block in _blocks(weights):
        best, values = _largest(block * demand[None, :], keep=keep)
        ids[rows] = np.where(values == 0, products, best)
        kept[rows] = values
    return Neighbours(ids, kept)


def _blocks(weights: Weights) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    by_row = weights if isinstance(weights, np.ndarray) else sparse.csr_array(weights)
    for first in range(0, by_row.shape[0], _BLOCK):
        rows = slice(first, first + _BLOCK)
        yield rows, by_row[rows] if isinstance(by_row, np.ndarray) else by_row[rows].toarray()


def _largest(block: NDArray[np.float32], *, keep: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    best = np.argpartition(-np.abs(block), keep - 1, axis=1)[:, :keep]
    values = np.take_along_axis(block, best, axis=1)
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
