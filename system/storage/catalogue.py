"""The products: their ids, by recent popularity, and as cards for a mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class ProductCard:
    """What a mail shows of a product."""

    id: int
    sku: str
    name: str
    category: str
    price: Decimal
    image_url: str | None


@dataclass(frozen=True, slots=True)
class ProductText:
    """What a product is called."""

    id: int
    name: str
    category: str


def product_texts(connection: Connection) -> list[ProductText]:
    """All products by id, ascending."""
    rows = connection.execute(text("SELECT id, name, category FROM products ORDER BY id"))
    return [ProductText(*row) for row in rows]


def popular_products(connection: Connection, *, days: int = 28) -> list[int]:
    """All product ids, the ones with most buyers in the newest `days` of the record first, stock or not.

    Counts from the newest order and not from today, so that an old record has popular products too.
    Reads every order: for training and once per campaign, not once per batch.
    """
    return list(connection.execute(_POPULAR_PRODUCTS, {"days": days}).scalars())


_POPULAR_PRODUCTS = text("""
    SELECT products.id
    FROM products
    LEFT JOIN orders ON orders.product_id = products.id
        AND orders.created_at > (SELECT max(created_at) FROM orders) - make_interval(days => :days)
    GROUP BY products.id
    ORDER BY count(DISTINCT orders.user_id) DESC, products.id
""")


def product_cards(connection: Connection, *, product_ids: Sequence[int]) -> dict[int, ProductCard]:
    """The cards of the products that exist among those asked for."""
    rows = connection.execute(_PRODUCT_CARDS, {"product_ids": list(product_ids)})
    return {row.id: ProductCard(*row) for row in rows}


_PRODUCT_CARDS = text("""
    SELECT id, sku, name, category, price, image_url
    FROM products
    WHERE id = ANY(CAST(:product_ids AS bigint[]))
""")


def save_embeddings(connection: Connection, *, embeddings: Mapping[int, Sequence[float]]) -> None:
    """Keep each product's embedding beside the product."""
    statement = text("UPDATE products SET embedding = CAST(:embedding AS real[]) WHERE id = :id")
    connection.execute(statement, [{"id": id_, "embedding": list(row)} for id_, row in embeddings.items()])
