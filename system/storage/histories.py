"""What people have bought and been shown: one person's past for scoring, everybody's purchases for training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Past:
    """What one person bought, each product once and the newest first, and what they should not be shown."""

    bought: list[int]
    times: list[int]
    """How often each was bought."""
    excluded: list[int]
    """Never to be shown to this person."""
    shown: list[int]
    """Recommended to this person in the campaigns that were asked about."""


def pasts(connection: Connection, *, user_ids: Sequence[int], campaign_ids: Sequence[int]) -> dict[int, Past]:
    """The past of each user, whether they are in the tables or not.

    `campaign_ids` are those whose recommendations count as shown: whatever may have reached the user, or still may.
    """
    rows = connection.execute(PASTS, {"user_ids": list(user_ids), "campaign_ids": list(campaign_ids)})
    return {row[0]: Past(*(column or [] for column in row[1:])) for row in rows}


# Person by person through indexes, whatever the planner believes: a new week's partition has no statistics.
# The list of campaigns keeps the other weeks' partitions closed, the equality picks one for each look-up.
PASTS = text("""
    SELECT asked.user_id, bought.product_ids, bought.times, excluded.product_ids, shown.product_ids
    FROM unnest(CAST(:user_ids AS bigint[])) AS asked (user_id)
    CROSS JOIN LATERAL (
        SELECT array_agg(product_id ORDER BY newest_at DESC, product_id) AS product_ids,
               array_agg(times ORDER BY newest_at DESC, product_id) AS times
        FROM (
            SELECT product_id, max(created_at) AS newest_at, count(*) AS times
            FROM orders
            WHERE orders.user_id = asked.user_id
            GROUP BY product_id
        ) AS per_product
    ) AS bought
    CROSS JOIN LATERAL (
        SELECT array_agg(product_id) AS product_ids
        FROM excluded_products
        WHERE excluded_products.user_id = asked.user_id
    ) AS excluded
    CROSS JOIN LATERAL (
        SELECT array_agg(product_id) AS product_ids
        FROM unnest(CAST(:campaign_ids AS bigint[])) AS past (campaign_id)
        CROSS JOIN LATERAL (
            SELECT product_ids FROM email_jobs
            WHERE email_jobs.campaign_id = past.campaign_id AND email_jobs.user_id = asked.user_id
              AND email_jobs.campaign_id = ANY (CAST(:campaign_ids AS bigint[]))
              AND email_jobs.status NOT IN ('skipped', 'failed', 'bounced', 'dropped')
            LIMIT 1
        ) AS job
        CROSS JOIN unnest(job.product_ids) AS recommended (product_id)
    ) AS shown
""")


def stream_purchases(connection: Connection, *, chunk_rows: int = 50_000) -> Iterator[NDArray[np.int64]]:
    """All orders as arrays of (user id, product id, day since 1970 in UTC) rows, through a server-side cursor."""
    statement = text(
        "SELECT user_id, product_id, CAST(created_at AT TIME ZONE 'UTC' AS date) - DATE '1970-01-01' FROM orders"
    )
    result = connection.execute(statement, execution_options={"yield_per": chunk_rows})
    for chunk in result.partitions(chunk_rows):
        yield np.array([tuple(row) for row in chunk], dtype=np.int64)


def count_purchases(connection: Connection) -> int:
    """How many orders there are, exactly."""
    rows: int = connection.execute(text("SELECT count(*) FROM orders")).scalar_one()
    return rows
