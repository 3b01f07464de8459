"""What a model learns from, as the database has it: all orders by day, and what products are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from system.errors import InputError
from system.recommender.cold import describe_products
from system.recommender.purchases import Purchases, collect_purchases
from system.storage import catalogue, histories
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray
    from scipy import sparse
    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Record:
    """Orders and the words of each product, a row each in the order of `purchases.product_ids`."""

    purchases: Purchases
    described: sparse.csr_array[np.float32]


def read_record(engine: Engine, *, on_orders: Callable[[int, int], None] = lambda _read, _total: None) -> Record:
    """All orders, in a stream; `on_orders` hears how many have been read, of how many.

    No transaction is open afterwards. Raises InputError when there are none.
    """
    with transaction(engine) as connection:
        orders = histories.count_purchases(connection)
        if not orders:
            raise InputError(
                field="orders",
                value=orders,
                problem="leave nothing to learn from",
                remedy="Run `steadypost import online-retail FILE` or `steadypost population generate` first.",
            )
        texts = catalogue.product_texts(connection)
        product_ids = np.array([text.id for text in texts], dtype=np.int64)
        chunks = _counted(histories.stream_purchases(connection), total=orders, on_orders=on_orders)
        purchases = collect_purchases(chunks, product_ids=product_ids)
    return Record(purchases, describe_products([text.name for text in texts], [text.category for text in texts]))


def _counted(
    chunks: Iterable[NDArray[np.int64]], *, total: int, on_orders: Callable[[int, int], None]
) -> Iterator[NDArray[np.int64]]:
    read = 0
    for chunk in chunks:
        read += len(chunk)
        on_orders(read, total)
        yield chunk
