from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import text

from system.storage import catalogue, histories
from system.storage.database import new_engine, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

pytestmark = pytest.mark.integration

LAMP, MUG, MARKUP = 1, 2, 3

SHOP = text("""
    INSERT INTO products (id, sku, name, category, price, in_stock) VALUES
        (1, 'LAMP', 'Lampe «Été» ☀', 'light', 12.50, true),
        (2, 'MUG', 'Mug', 'kitchen', 3.20, false),
        (3, 'MARKUP', '<b>Bold & "Brave"</b>', 'art', 99.99, true);
    INSERT INTO users (id, email) VALUES (1, 'a@example.com'), (2, 'b@example.com'), (3, 'c@example.com');
    INSERT INTO orders (user_id, product_id, created_at) VALUES
        (1, 1, '2026-01-01'), (1, 2, '2026-05-01'), (1, 1, '2026-06-01'), (1, 3, '2026-02-01'),
        (2, 3, '2026-06-02'), (2, 2, '2025-01-01'), (3, 2, '2025-02-01');
""")


@pytest.fixture
def shop(database_url: str) -> Iterator[Connection]:
    engine = new_engine(database_url)
    with transaction(engine) as connection:
        connection.execute(SHOP)
        yield connection
    engine.dispose()


def test_histories_are_read_from_the_index_of_orders(shop: Connection) -> None:
    shop.execute(
        text("""
            INSERT INTO users (id) SELECT generate_series(10, 2000);
            INSERT INTO orders (user_id, product_id) SELECT u.id, p.id FROM users u, products p, generate_series(1, 5);
            ANALYZE users, orders;
        """)
    )
    values = {"user_ids": list(range(1, 501)), "campaign_ids": []}
    plan = "\n".join(shop.execute(text(f"EXPLAIN {histories.PASTS.text}"), values).scalars())
    assert "ix_orders_user_id_created_at" in plan
    assert "Seq Scan on orders" not in plan


def test_purchases_stream_in_chunks(shop: Connection) -> None:
    chunks = list(histories.stream_purchases(shop, chunk_rows=3))
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    assert sorted(map(tuple, np.concatenate(chunks)[:, :2].tolist()))[:2] == [(1, 1), (1, 1)]
    assert histories.count_purchases(shop) == 7


def test_popularity_counts_buyers_in_the_newest_days_of_the_record(shop: Connection) -> None:
    assert catalogue.popular_products(shop, days=2) == [LAMP, MARKUP, MUG]
    assert catalogue.popular_products(shop, days=10_000) == [MUG, MARKUP, LAMP]


def test_cards_carry_names_as_they_are_and_skip_products_that_vanished(shop: Connection) -> None:
    cards = catalogue.product_cards(shop, product_ids=[MARKUP, LAMP, 404])
    assert {id_: card.name for id_, card in cards.items()} == {LAMP: "Lampe «Été» ☀", MARKUP: '<b>Bold & "Brave"</b>'}
    assert str(cards[LAMP].price) == "12.50"
