"""Statements about what people did with their mails, by the model that chose the products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class ArmCounts:
    """Accepted mails of one version, and how many of them were followed by what; each mail counts once."""

    version: str
    mails: int
    clicked: int
    bought_recommended: int
    bought_anything: int
    still_open: int
    """Mails whose days for a purchase are not over."""


def arm_counts(connection: Connection, *, campaign_id: int, purchase_days: int) -> list[ArmCounts]:
    """One entry a version; the days begin when a mail was delivered, or accepted if nobody said so.

    Each mail looks into one index of `orders` (ix_orders_user_id_created_at).
    """
    connection.execute(text("SET LOCAL statement_timeout = '15min'"))  # a million mails take longer than most
    statement = text("""
        WITH mails AS (
            SELECT user_id, coalesce(model_version, '') AS version, product_ids, clicked_at IS NOT NULL AS clicked,
                   coalesce(delivered_at, accepted_at) AS since,
                   coalesce(delivered_at, accepted_at) + make_interval(days => :days) AS until
            FROM email_jobs WHERE campaign_id = :campaign_id AND accepted_at IS NOT NULL
        )
        SELECT version, count(*) AS mails, count(*) FILTER (WHERE clicked) AS clicked,
               count(*) FILTER (WHERE bought.recommended) AS bought_recommended,
               count(*) FILTER (WHERE bought.anything) AS bought_anything,
               count(*) FILTER (WHERE until > clock_timestamp()) AS still_open
        FROM mails CROSS JOIN LATERAL (
            SELECT count(*) > 0 AS anything,
                   coalesce(bool_or(o.product_id = ANY(mails.product_ids)), false) AS recommended
            FROM orders o
            WHERE o.user_id = mails.user_id AND o.created_at > mails.since AND o.created_at <= mails.until
        ) AS bought
        GROUP BY version ORDER BY version
    """)
    rows = connection.execute(statement, {"campaign_id": campaign_id, "days": purchase_days}).mappings()
    return [ArmCounts(**row) for row in rows]
