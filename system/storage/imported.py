"""Purchases from a file into users, products and orders: staged first, then each table in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection


def stage_purchases(connection: Connection, *, rows: Iterable[Sequence[object]]) -> None:
    """Stream rows of (email, name, locale, sku, family, product, price, bought_at) into a table of this transaction.

    Waits for any other import to end; two at once could add the same user twice.
    """
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('steadypost import'))"))
    connection.execute(_CREATE_STAGED)
    driver_connection = connection.connection.driver_connection
    assert isinstance(driver_connection, psycopg.Connection)
    with driver_connection.cursor() as cursor, cursor.copy("COPY staged_purchases FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(text("ANALYZE staged_purchases"))


_CREATE_STAGED = text("""
    CREATE TEMPORARY TABLE staged_purchases (
        email text NOT NULL,
        name text NOT NULL,
        locale text NOT NULL,
        sku text NOT NULL,
        family text NOT NULL,
        product text NOT NULL,
        price numeric NOT NULL,
        bought_at timestamptz NOT NULL
    ) ON COMMIT DROP
""")


def add_products(connection: Connection) -> int:
    """Add the staged products that are new, under their usual name and price; returns how many.

    Products that were imported before there were families get theirs.
    """
    connection.execute(_ADD_FAMILIES)
    return connection.execute(_ADD_PRODUCTS).rowcount


_ADD_FAMILIES = text("""
    UPDATE products SET family = staged.family
    FROM (SELECT DISTINCT sku, family FROM staged_purchases) AS staged
    WHERE products.sku = staged.sku AND products.family IS NULL
""")


_ADD_PRODUCTS = text("""
    INSERT INTO products (sku, family, name, price)
    SELECT sku,
           min(family),
           coalesce(mode() WITHIN GROUP (ORDER BY product) FILTER (WHERE product <> ''), sku),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY price)
    FROM staged_purchases
    GROUP BY sku
    ORDER BY sku
    ON CONFLICT (sku) DO NOTHING
""")


def add_users(connection: Connection) -> int:
    """Add the staged customers that are new; returns how many."""
    return connection.execute(_ADD_USERS).rowcount


_ADD_USERS = text("""
    INSERT INTO users (email, name, locale, created_at)
    SELECT email, min(name), mode() WITHIN GROUP (ORDER BY locale), min(bought_at)
    FROM staged_purchases
    WHERE NOT EXISTS (SELECT FROM users WHERE users.email = staged_purchases.email)
    GROUP BY email
    ORDER BY email
""")


def add_orders(connection: Connection) -> int:
    """Add the staged purchases that are new; returns how many. One product counts once a purchase."""
    return connection.execute(_ADD_ORDERS).rowcount


_ADD_ORDERS = text("""
    INSERT INTO orders (user_id, product_id, created_at)
    SELECT users.id, products.id, staged.bought_at
    FROM (SELECT DISTINCT email, sku, bought_at FROM staged_purchases) AS staged
    JOIN users USING (email)
    JOIN products USING (sku)
    WHERE NOT EXISTS (
        SELECT FROM orders
        WHERE orders.user_id = users.id
          AND orders.product_id = products.id
          AND orders.created_at = staged.bought_at
    )
    ORDER BY users.id, staged.bought_at
""")
