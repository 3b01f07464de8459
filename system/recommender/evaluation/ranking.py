"""What everything that recommends looks like to the evaluation, and the best products of a block of scores."""

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
RANKED: Final = 5 * TOP
"""So many are ranked, so that the same scores also serve lists without the products of the last four."""


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
        self._kept: tuple[tuple[object, ...], NDArray[np.int32]] | None = None

    def best(
        self, users: NDArray[np.int32], *, buy_again: bool, hidden: NDArray[np.int32] | None = None
    ) -> NDArray[np.int32]:
        """Five products for each; asked again for the same users, the scores are not computed again."""
        depth = max(RANKED, TOP + (0 if hidden is None else hidden.shape[1]))
        asked = (users.tobytes(), buy_again, depth)
        if self._kept is None or self._kept[0] != asked:
            self._kept = (asked, self._rank(users, buy_again=buy_again, depth=depth))
        return _without(self._kept[1], hidden)

    def _rank(self, users: NDArray[np.int32], *, buy_again: bool, depth: int) -> NDArray[np.int32]:
        block = max(1, BLOCK_SCORES // max(self._bought.shape[1], 1))
        found = np.full((len(users), depth), NOTHING, dtype=np.int32)
        for first in range(0, len(users), block):
            rows = users[first : first + block]
            scores = self._scores(rows)
            if not buy_again:
                scores[self._bought[rows].nonzero()] = 0.0
            found[first : first + block] = rank(scores, depth=depth)
        return found


def rank(scores: NDArray[np.float32], *, depth: int) -> NDArray[np.int32]:
    """The rows of the best products in each line, best first; each line depends on nothing but itself."""
    top = min(depth, scores.shape[1])
    rows = np.argpartition(scores, -top, axis=1)[:, -top:]
    values = np.take_along_axis(scores, rows, axis=1)
    order = np.lexsort((rows, -values), axis=1)
    values, rows = np.take_along_axis(values, order, axis=1), np.take_along_axis(rows, order, axis=1)
    found = np.where(values > 0, rows, NOTHING).astype(np.int32)
    return np.pad(found, ((0, 0), (0, depth - top)), constant_values=NOTHING)


def _without(ranked: NDArray[np.int32], hidden: NDArray[np.int32] | None) -> NDArray[np.int32]:
    """The first five of each line that are not hidden."""
    if hidden is None:
        return ranked[:, :TOP].copy()
    gone = (ranked[:, :, None] == hidden[:, None, :]).any(axis=2)
    order = np.argsort(gone, axis=1, kind="stable")[:, :TOP]
    kept = np.where(gone, NOTHING, ranked)
    return np.take_along_axis(kept, order, axis=1)
