"""What everything that recommends looks like to the evaluation, and the five best of a block of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from system.recommender.recommendation import TOP

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy import sparse

NOTHING: Final = -1
"""Stands in a list where there is no further product."""
BLOCK_SCORES: Final = 1 << 22  # 16 MB of scores at once


class Ranker(Protocol):
    """Anything that gives each customer five products."""

    def best(
        self, users: NDArray[np.int32], *, buy_again: bool, hidden: NDArray[np.int32] | None = None
    ) -> NDArray[np.int32]:
        """Rows of products [users, 5], best first, padded with NOTHING.

        Without `buy_again` nothing that the customer bought; `hidden` [users, any] lists more products that a
        customer must not be shown, padded with NOTHING as well.
        """


class ScoreRanker:
    """Ranks by a score for every product; a score of 0 or less is no recommendation."""

    def __init__(
        self, scores: Callable[[NDArray[np.int32]], NDArray[np.float32]], *, bought: sparse.csr_array[np.float32]
    ) -> None:
        """`scores` gives a fresh array [users, products] for some rows of users."""
        self._scores = scores
        self._bought = bought

    def best(
        self, users: NDArray[np.int32], *, buy_again: bool, hidden: NDArray[np.int32] | None = None
    ) -> NDArray[np.int32]:
        """Five products for each, a block of users at a time."""
        block = max(1, BLOCK_SCORES // max(self._bought.shape[1], 1))
        found = np.full((len(users), TOP), NOTHING, dtype=np.int32)
        for first in range(0, len(users), block):
            rows = users[first : first + block]
            scores = self._scores(rows)
            if not buy_again:
                bought = self._bought[rows]
                scores[bought.nonzero()] = 0.0
            if hidden is not None:
                _hide(scores, hidden[first : first + block])
            found[first : first + block] = five_best(scores)
        return found


def five_best(scores: NDArray[np.float32]) -> NDArray[np.int32]:
    """The rows of the best products in each line; each line depends on nothing but itself."""
    top = min(TOP, scores.shape[1])
    rows = np.argpartition(-scores, top - 1, axis=1)[:, :top]
    values = np.take_along_axis(scores, rows, axis=1)
    order = np.lexsort((rows, -values), axis=1)
    rows = np.where(np.take_along_axis(values, order, axis=1) > 0, np.take_along_axis(rows, order, axis=1), NOTHING)
    return np.pad(rows.astype(np.int32), ((0, 0), (0, TOP - top)), constant_values=NOTHING)


def _hide(scores: NDArray[np.float32], hidden: NDArray[np.int32]) -> None:
    lines, columns = np.nonzero(hidden != NOTHING)
    scores[lines, hidden[lines, columns]] = 0.0
