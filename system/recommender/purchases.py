"""Who bought what on which day, as arrays: what every model is trained on and judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Pairs:
    """One line per person and product: rows as in `Purchases`, the day of the newest order, and how many there were."""

    user: NDArray[np.int64]
    product: NDArray[np.int64]
    newest: NDArray[np.int32]
    times: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Purchases:
    """One line per order; `user` and `product` are rows of the two ascending arrays of ids, `day` counts from 1970."""

    user_ids: NDArray[np.int64]
    product_ids: NDArray[np.int64]
    user: NDArray[np.int32]
    product: NDArray[np.int32]
    day: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.user)

    def between(self, first: int, end: int) -> Purchases:
        """The orders of the days from `first` to before `end`; rows keep their meaning."""
        kept = (self.day >= first) & (self.day < end)
        return replace(self, user=self.user[kept], product=self.product[kept], day=self.day[kept])

    def before(self, end: int) -> Purchases:
        """The orders of all days before `end`."""
        return self.between(np.iinfo(np.int32).min, end)

    @property
    def first_day(self) -> int:
        """The day of the oldest order."""
        return int(self.day.min())

    @property
    def end_day(self) -> int:
        """The day after the newest order."""
        return int(self.day.max()) + 1

    def matrix(self) -> sparse.csr_array[np.float32]:
        """Users x products, 1 where bought at least once."""
        return _ones(sparse.csr_array(self.counts()))

    def counts(self) -> sparse.csr_array[np.float32]:
        """Users x products, how often bought."""
        shape = (len(self.user_ids), len(self.product_ids))
        ones = np.ones(len(self), dtype=np.float32)
        matrix = sparse.csr_array((ones, (self.user, self.product)), shape=shape)
        matrix.sum_duplicates()
        return matrix

    def pairs(self) -> Pairs:
        """What each person ever bought, each product once; by person, then product."""
        products = len(self.product_ids)
        keys, place, times = np.unique(
            self.user.astype(np.int64) * products + self.product, return_inverse=True, return_counts=True
        )
        newest = np.full(len(keys), np.iinfo(np.int32).min, dtype=np.int32)
        np.maximum.at(newest, place, self.day)
        user, product = np.divmod(keys, max(products, 1))
        return Pairs(user, product, newest, times)

    def buyers(self) -> NDArray[np.int64]:
        """How many different people bought each product."""
        pairs = np.unique(self.product.astype(np.int64) * len(self.user_ids) + self.user)
        return np.bincount(pairs // max(len(self.user_ids), 1), minlength=len(self.product_ids))


def collect_purchases(chunks: Iterable[NDArray[np.int64]], *, product_ids: NDArray[np.int64]) -> Purchases:
    """Chunks of (user id, product id, day) lines as one record; products that are not in `product_ids` are left out.

    Holds 16 bytes per order; `product_ids` must be ascending.
    """
    users, products, days = [np.empty(0, np.int64)], [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    for chunk in chunks:
        rows = np.searchsorted(product_ids, chunk[:, 1])
        known = rows < len(product_ids)
        known[known] = product_ids[rows[known]] == chunk[known, 1]
        users.append(chunk[known, 0])
        products.append(rows[known].astype(np.int32))
        days.append(chunk[known, 2].astype(np.int32))
    user_ids, user = np.unique(np.concatenate(users), return_inverse=True)
    return Purchases(user_ids, product_ids, user.astype(np.int32), np.concatenate(products), np.concatenate(days))


def _ones(matrix: sparse.csr_array[np.float32]) -> sparse.csr_array[np.float32]:
    matrix.data[:] = 1.0
    return matrix
