"""What a newsletter may show: its rules, and the catalogue by them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One newsletter's rules; the price band holds at both its ends."""

    price_min: Decimal | None
    price_max: Decimal | None
    excluded_categories: list[str]
    excluded_product_ids: list[int]
    per_category: int
    """How many products of one category a mail shows; products without a category are not counted."""
    cool_down_weeks: int
    """For how many weeks a product is not recommended again to the same person; 0 for never mind."""
    buy_again: bool
    """Whether what somebody bought may be recommended to them."""


class ProductOnShelf(NamedTuple):
    """What a shelf needs to know of a product; without a family or category it stands alone."""

    id: int
    available: bool
    """In stock, in the price band and not excluded."""
    family: str | None
    category: str


class Edition(NamedTuple):
    """A newsletter in a week."""

    newsletter_id: int
    week_key: str


_RULES: Final = (
    "price_min, price_max, excluded_categories, excluded_product_ids, per_category, cool_down_weeks, buy_again"
)


def rules_of(connection: Connection, *, newsletter_id: int) -> Rules:
    """The rules of a newsletter that exists."""
    statement = text(f"SELECT {_RULES} FROM newsletters WHERE id = :id")  # noqa: S608  # a constant
    return Rules(**connection.execute(statement, {"id": newsletter_id}).mappings().one())


def save_rules(connection: Connection, rules: Rules, *, newsletter_id: int) -> None:
    """Replace a newsletter's rules; campaigns that are under way follow within seconds."""
    statement = text("""
        UPDATE newsletters SET
            price_min = :price_min, price_max = :price_max,
            excluded_categories = CAST(:excluded_categories AS text[]),
            excluded_product_ids = CAST(:excluded_product_ids AS bigint[]),
            per_category = :per_category, cool_down_weeks = :cool_down_weeks, buy_again = :buy_again
        WHERE id = :id
    """)
    connection.execute(statement, {**asdict(rules), "id": newsletter_id})


def products_by(connection: Connection, rules: Rules) -> list[ProductOnShelf]:
    """All products by id, available or not."""
    return [ProductOnShelf(*row) for row in connection.execute(_PRODUCTS, asdict(rules))]


_PRODUCTS = text("""
    SELECT id,
           in_stock
               AND price >= coalesce(CAST(:price_min AS numeric), 0)
               AND price <= coalesce(CAST(:price_max AS numeric), 'Infinity')
               AND category NOT IN (SELECT unnest(CAST(:excluded_categories AS text[])))
               AND id NOT IN (SELECT unnest(CAST(:excluded_product_ids AS bigint[]))),
           family, category
    FROM products ORDER BY id
""")


def edition_of(connection: Connection, *, campaign_id: int) -> Edition:
    """Which newsletter a campaign mails, and of which week it is."""
    statement = text("SELECT newsletter_id, week_key FROM campaigns WHERE id = :id")
    return Edition(*connection.execute(statement, {"id": campaign_id}).one())


def campaigns_since(connection: Connection, *, week_key: str, weeks: int, besides: int = 0) -> list[int]:
    """The campaigns of any newsletter whose recommendations of up to `weeks` weeks before a week still count.

    By their weeks and not by the clock: Monday's campaign a little earlier or later than last time changes nothing.
    Those of a later week count as well, for a campaign that was paused meanwhile.
    """
    statement = text("""
        SELECT id FROM campaigns
        WHERE :weeks > 0 AND id <> :besides AND forgotten_at IS NULL
          AND to_date(week_key, 'IYYY-"W"IW') >= to_date(:week_key, 'IYYY-"W"IW') - 7 * :weeks
        ORDER BY id
    """)
    values = {"week_key": week_key, "weeks": weeks, "besides": besides}
    return list(connection.execute(statement, values).scalars())


def unknown_products(connection: Connection, *, product_ids: Sequence[int]) -> list[int]:
    """Those of the ids that no product has."""
    statement = text("""
        SELECT asked.id FROM unnest(CAST(:ids AS bigint[])) AS asked (id)
        WHERE NOT EXISTS (SELECT FROM products WHERE products.id = asked.id) ORDER BY 1
    """)
    return list(connection.execute(statement, {"ids": list(product_ids)}).scalars())


def categories(connection: Connection) -> list[str]:
    """Every category that some product has."""
    statement = text("SELECT DISTINCT category FROM products WHERE category <> '' ORDER BY 1")
    return list(connection.execute(statement).scalars())
