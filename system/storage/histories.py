"""What people have bought: one person's products for scoring, everybody's purchases for training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection


def products_bought(connection: Connection, *, user_ids: Sequence[int]) -> dict[int, list[int]]:
    """Every distinct product of each user, the newest purchase first; an empty list for who bought nothing.

    Not only the newest: what was bought long ago tells little about taste but must not be recommended either.
    """
    rows = connection.execute(PRODUCTS_BOUGHT, {"user_ids": list(user_ids)})
    return {user_id: product_ids or [] for user_id, product_ids in rows}


PRODUCTS_BOUGHT = text("""
    SELECT asked.user_id, bought.product_ids
    FROM unnest(CAST(:user_ids AS bigint[])) AS asked (user_id)
    CROSS JOIN LATERAL (
        SELECT array_agg(product_id ORDER BY newest_at DESC, product_id) AS product_ids
        FROM (
            SELECT product_id, max(created_at) AS newest_at
            FROM orders
            WHERE orders.user_id = asked.user_id
            GROUP BY product_id
        ) AS per_product
    ) AS bought
""")


def stream_purchases(connection: Connection, *, chunk_rows: int = 50_000) -> Iterator[NDArray[np.int64]]:
    """All orders as arrays of (user id, product id) rows, through a server-side cursor."""
    statement = text("SELECT user_id, product_id FROM orders")
    result = connection.execute(statement, execution_options={"yield_per": chunk_rows})
    for chunk in result.partitions(chunk_rows):
        yield np.array([tuple(row) for row in chunk], dtype=np.int64)


def count_purchases(connection: Connection) -> int:
    """How many orders there are, exactly."""
    rows: int = connection.execute(text("SELECT count(*) FROM orders")).scalar_one()
    return rows
