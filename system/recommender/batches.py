"""Histories as padded arrays of model rows: users of like length together, so that little is padding."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from system.recommender.shelf import History

_Item = TypeVar("_Item", np.int32, np.float32)

BATCH_USERS: Final = 16  # their score rows stay in the processor's cache (docs/benchmarks.md)
CUDA_BATCH_USERS: Final = 4_096  # a GPU has work for all of its cores only in large batches
TASTE_PRODUCTS: Final = 128  # older purchases say nothing more about taste


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the model, one line per user, padded with the number of products."""

    user_ids: list[int]
    history: NDArray[np.int32]
    times: NDArray[np.float32]
    excluded: NDArray[np.int32]


def make_batches(
    histories: Mapping[int, History],
    *,
    product_ids: NDArray[np.int64],
    buy_again: bool,
    batch_users: int = BATCH_USERS,
) -> Iterator[Batch]:
    """Batches of the users who bought a product that the model knows, the shortest histories first.

    `excluded` is what is hidden from a user and, unless they may buy again, all that they bought.
    """
    users = list(histories)
    bought = _Ragged.of([histories[user].bought for user in users], product_ids=product_ids)
    times = _parallel([histories[user] for user in users], known=bought.known)
    hidden = _Ragged.of([histories[user].hidden for user in users], product_ids=product_ids)
    order = np.argsort(bought.lengths, kind="stable")
    order = order[bought.lengths[order] > 0]
    for first in range(0, len(order), batch_users):
        members = order[first : first + batch_users]
        known = bought.row_table(members, padding=len(product_ids))
        closed = hidden.row_table(members, padding=len(product_ids))
        yield Batch(
            [users[member] for member in members],
            known[:, :TASTE_PRODUCTS],
            bought.table_of(times, members)[:, :TASTE_PRODUCTS],
            closed if buy_again else np.hstack([known, closed]),
        )


@dataclass(frozen=True, slots=True)
class _Ragged:
    """Lists of rows of different lengths, one after the other; `known` says which ids were rows of the model."""

    rows: NDArray[np.int32]
    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]], *, product_ids: NDArray[np.int64]) -> _Ragged:
        lengths = np.fromiter((len(ids) for ids in lists), dtype=np.int64, count=len(lists))
        ids = np.fromiter(chain.from_iterable(lists), dtype=np.int64, count=int(lengths.sum()))
        rows = np.minimum(np.searchsorted(product_ids, ids), len(product_ids) - 1)
        known = product_ids[rows] == ids
        owner = np.repeat(np.arange(len(lists)), lengths)[known]
        lengths = np.bincount(owner, minlength=len(lists))
        starts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
        return cls(rows[known].astype(np.int32), lengths, starts, known)

    def row_table(self, members: NDArray[np.int64], *, padding: int) -> NDArray[np.int32]:
        """The lists of some, one line each."""
        return _pad(self.rows, self.starts[members], self.lengths[members], padding=padding)

    def table_of(self, values: NDArray[np.float32], members: NDArray[np.int64]) -> NDArray[np.float32]:
        """Values that are parallel to the rows, one line for each of some, padded with 0."""
        return _pad(values, self.starts[members], self.lengths[members], padding=0)


def _parallel(histories: Sequence[History], *, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How often each known product was bought: once where the history does not say."""
    counts = chain.from_iterable(history.times or repeat(1, len(history.bought)) for history in histories)
    return np.fromiter(counts, dtype=np.float32, count=len(known))[known]


def _pad(
    values: NDArray[_Item], starts: NDArray[np.int64], lengths: NDArray[np.int64], *, padding: int
) -> NDArray[_Item]:
    columns = np.arange(int(lengths.max(initial=0)))
    inside = columns < lengths[:, None]
    table = np.full(inside.shape, padding, dtype=values.dtype)
    table[inside] = values[(starts[:, None] + columns)[inside]]
    return table
