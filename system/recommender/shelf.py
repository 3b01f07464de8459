"""What may be recommended now: the catalogue as arrays, with the rules of the newsletter that asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shelf:
    """Parallel arrays over `product_ids`, which ascend.

    `available` is true for what is in stock, in the price band and not excluded. Products of one `family` are
    variants of each other, of which a mail shows one; a mail shows at most `per_category` of one `category`.
    Both are codes: equal numbers belong together, whatever they are.
    """

    product_ids: NDArray[np.int64]
    available: NDArray[np.bool_]
    family: NDArray[np.int64]
    category: NDArray[np.int64]
    per_category: int
    popular: Sequence[int] | None = None
    """Product ids for whom the model has nothing, best first; the model's own list when None."""

    def by_row(self, product_ids: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """What the graph is given: the arrays in the order of a model's products, and one more row for its padding.

        A product that is not on the shelf any more is not available.
        """
        if not len(self.product_ids):
            return self._nothing(len(product_ids) + 1)
        rows = np.minimum(np.searchsorted(self.product_ids, product_ids), len(self.product_ids) - 1)
        there = self.product_ids[rows] == product_ids
        return {
            "available": np.append(there & self.available[rows], False),
            "family": np.append(self.family[rows], -1),
            "category": np.append(self.category[rows], -1),
            "per_category": np.array([self.per_category], dtype=np.int64),
        }

    def _nothing(self, rows: int) -> dict[str, NDArray[Any]]:
        codes = np.zeros(rows, dtype=np.int64)
        none, one = np.zeros(rows, dtype=np.bool_), np.ones(1, dtype=np.int64)
        return {"available": none, "family": codes, "category": codes, "per_category": one}

    @classmethod
    def plain(cls, product_ids: Sequence[int], *, popular: Sequence[int] | None = None) -> Shelf:
        """All of them, without any rule: each its own family, no category."""
        ids = np.array(sorted(product_ids), dtype=np.int64)
        nothing = np.zeros(len(ids), dtype=np.int64)
        return cls(ids, np.ones(len(ids), dtype=np.bool_), ids, nothing, len(ids) or 1, popular)


@dataclass(frozen=True, slots=True)
class History:
    """What one person bought, each product once and the newest first, and what they must not be shown."""

    bought: Sequence[int]
    times: Sequence[int] = ()
    """How often each was bought, parallel to `bought`; once each when left out."""
    hidden: Sequence[int] = field(default=())
    """Recommended to them lately, or not for them."""
