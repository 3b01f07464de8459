"""Statements about shadows: what they would have recommended, beside what was mailed, as numbers per batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from system.storage.leftovers import Batch


@dataclass(frozen=True, kw_only=True)
class ShadowTotal:
    """A shadow over a whole campaign; the products are the mean number of different ones in a batch."""

    version: str
    batches: int
    users: int
    mean_overlap: float
    same_first: float
    batch_products: float
    batch_mailed_products: float


def keep(
    connection: Connection,
    *,
    batch: Batch,
    version: str,
    users: int,
    mean_overlap: float,
    same_first: int,
    products: int,
    mailed_products: int,
) -> None:
    """Keep one batch's comparison; the same batch again changes nothing."""
    statement = text("""
        INSERT INTO shadow_batches (campaign_id, version, first_job_id, last_job_id, users, mean_overlap, same_first,
                                    products, mailed_products)
        VALUES (:campaign_id, :version, :first_id, :last_id, :users, :mean_overlap, :same_first,
                :products, :mailed_products)
        ON CONFLICT (campaign_id, version, first_job_id, last_job_id) DO NOTHING
    """)
    values = {
        "campaign_id": batch.campaign_id,
        "version": version,
        "first_id": batch.first_id,
        "last_id": batch.last_id,
        "users": users,
        "mean_overlap": mean_overlap,
        "same_first": same_first,
        "products": products,
        "mailed_products": mailed_products,
    }
    connection.execute(statement, values)


def forget(connection: Connection, *, campaign_id: int) -> None:
    """Remove a campaign's comparisons, when its jobs are dropped."""
    connection.execute(text("DELETE FROM shadow_batches WHERE campaign_id = :id"), {"id": campaign_id})


def totals(connection: Connection, *, campaign_id: int) -> list[ShadowTotal]:
    """Each shadow of a campaign."""
    statement = text("""
        SELECT version, count(*) AS batches, sum(users) AS users,
               sum(mean_overlap * users) / sum(users) AS mean_overlap,
               CAST(sum(same_first) AS float) / sum(users) AS same_first,
               CAST(avg(products) AS float) AS batch_products,
               CAST(avg(mailed_products) AS float) AS batch_mailed_products
        FROM shadow_batches WHERE campaign_id = :campaign_id GROUP BY version ORDER BY version
    """)
    return [ShadowTotal(**row) for row in connection.execute(statement, {"campaign_id": campaign_id}).mappings()]


def totals_of_version(connection: Connection, *, version: str) -> list[tuple[str, int, float, float]]:
    """(campaign, users, mean overlap, share of the same first product) of every campaign that a shadow watched."""
    statement = text("""
        SELECT n.name || ' ' || c.week_key, sum(s.users), sum(s.mean_overlap * s.users) / sum(s.users),
               CAST(sum(s.same_first) AS float) / sum(s.users)
        FROM shadow_batches s JOIN campaigns c ON c.id = s.campaign_id JOIN newsletters n ON n.id = c.newsletter_id
        WHERE s.version = :version GROUP BY c.id, n.name ORDER BY c.id
    """)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement, {"version": version})]
