"""Histories as padded arrays of model rows: users of like length together, so that little is padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

BATCH_USERS: Final = 64  # the score rows of a batch stay in the processor's cache
TASTE_PRODUCTS: Final = 128  # older purchases say nothing more about taste


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the model, one line per user, padded with the number of products."""

    user_ids: list[int]
    history: NDArray[np.int64]
    bought: NDArray[np.int64]


def make_batches(histories: Mapping[int, Sequence[int]], *, product_ids: NDArray[np.int64]) -> Iterator[Batch]:
    """Batches of the users who bought a product that the model knows, the shortest histories first."""
    users = list(histories)
    lengths = np.fromiter((len(histories[user]) for user in users), dtype=np.int64, count=len(users))
    bought = np.fromiter((id_ for user in users for id_ in histories[user]), dtype=np.int64, count=int(lengths.sum()))
    rows = np.minimum(np.searchsorted(product_ids, bought), len(product_ids) - 1)
    known = product_ids[rows] == bought
    owner = np.repeat(np.arange(len(users)), lengths)[known]
    rows = rows[known]
    lengths = np.bincount(owner, minlength=len(users))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    for first in range(0, len(order), BATCH_USERS):
        members = order[first : first + BATCH_USERS]
        table = _pad(rows, starts[members], lengths[members], padding=len(product_ids))
        yield Batch([users[member] for member in members], table[:, :TASTE_PRODUCTS], table)


def _pad(
    rows: NDArray[np.int64], starts: NDArray[np.int64], lengths: NDArray[np.int64], *, padding: int
) -> NDArray[np.int64]:
    columns = np.arange(int(lengths.max()))
    inside = columns < lengths[:, None]
    table = np.full(inside.shape, padding, dtype=np.int64)
    table[inside] = rows[(starts[:, None] + columns)[inside]]
    return table
