"""Training: from all orders in the database to a model file and the products' embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from system.errors import InputError
from system.recommender.embeddings import embed_products, purchase_matrix
from system.recommender.graph import build_graph
from system.recommender.model_file import Catalogue, write_model
from system.storage import catalogue, histories
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy import sparse
    from sqlalchemy import Engine

DIMS = 64


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What a training made, for people to read."""

    path: Path
    version: str
    users: int
    products: int
    orders: int
    dims: int


@dataclass(frozen=True, slots=True)
class _Record:
    bought: sparse.csr_array[np.float32]
    product_ids: NDArray[np.int64]
    popular: list[int]
    orders: int


def train(
    engine: Engine,
    *,
    path: Path,
    trained_on: date,
    dims: int = DIMS,
    seed: int = 0,
    on_orders: Callable[[int, int], None] = lambda _read, _total: None,
) -> TrainedModel:
    """Train on every order and write the file; the same orders, date and seed give the same version.

    `on_orders` hears how many orders have been read, of how many. No transaction is open while the numbers are
    crunched. Raises InputError when there is nothing to learn from.
    """
    record = _read(engine, on_orders=on_orders)
    embeddings = embed_products(record.bought, dims=dims, seed=seed)
    known = Catalogue(record.product_ids.tolist(), record.popular)
    version = write_model(path, build_graph(embeddings), catalogue=known, trained_on=trained_on)
    with transaction(engine) as connection:
        rows = zip(known.product_ids, embeddings.tolist(), strict=True)
        catalogue.save_embeddings(connection, embeddings=dict(rows))
    users, products = record.bought.shape
    return TrainedModel(path, version, users, products, record.orders, embeddings.shape[1])


def _read(engine: Engine, *, on_orders: Callable[[int, int], None]) -> _Record:
    with transaction(engine) as connection:
        orders = histories.count_purchases(connection)
        product_ids = np.array(catalogue.product_ids(connection), dtype=np.int64)
        if not orders:
            raise InputError(
                field="orders",
                value=orders,
                problem="leave nothing to learn from",
                remedy="Run `steadypost import online-retail FILE` or `steadypost population generate` first.",
            )
        popular = catalogue.popular_products(connection)
        chunks = list(_counted(histories.stream_purchases(connection), total=orders, on_orders=on_orders))
    return _Record(purchase_matrix(chunks, product_ids=product_ids), product_ids, popular, orders)


def _counted(
    chunks: Iterable[NDArray[np.int64]], *, total: int, on_orders: Callable[[int, int], None]
) -> Iterator[NDArray[np.int64]]:
    read = 0
    for chunk in chunks:
        read += len(chunk)
        on_orders(read, total)
        yield chunk
