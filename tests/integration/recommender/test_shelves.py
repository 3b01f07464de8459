"""Which products a newsletter's rules leave on its shelf."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from system.pipeline.shelf import Shelves, read_shelf
from system.storage.shelves import Rules, categories, products_by, rules_of, save_rules, unknown_products

if TYPE_CHECKING:
    from shop_world import Shop

pytestmark = pytest.mark.integration

DEFAULTS = Rules(
    price_min=None,
    price_max=None,
    excluded_categories=[],
    excluded_product_ids=[],
    per_category=3,
    cool_down_weeks=4,
    buy_again=False,
)
GOODS = """
    INSERT INTO products (id, sku, name, category, family, price, in_stock) VALUES
        (1, 'A', 'Lampe «Été» ☀', 'light', 'lamp', 5.00, true),
        (2, 'B', '<b>Lamp</b>', 'light', 'lamp', 10.00, true),
        (3, 'C', 'Mug', 'kitchen', NULL, 10.01, true),
        (4, 'D', 'Rope', '', NULL, 99.99, true),
        (5, 'E', 'Tent', '', NULL, 4.99, true),
        (6, 'F', 'Gone', 'light', NULL, 7.00, false)
"""


def available(shop: Shop, **changes: Any) -> set[int]:
    with shop.engine.connect() as connection:
        found = products_by(connection, replace(DEFAULTS, **changes))
    assert [product.id for product in found] == [1, 2, 3, 4, 5, 6]
    return {product.id for product in found if product.available}


def test_without_rules_everything_in_stock_is_available(shop: Shop) -> None:
    shop.rows(GOODS)
    assert available(shop) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ({"price_min": Decimal("5.00")}, {1, 2, 3, 4}),
        ({"price_max": Decimal("10.00")}, {1, 2, 5}),
        ({"price_min": Decimal("5.01"), "price_max": Decimal("10.00")}, {2}),
        ({"excluded_categories": ["light"]}, {3, 4, 5}),
        ({"excluded_categories": ["Light", "no such"]}, {1, 2, 3, 4, 5}),
        ({"excluded_product_ids": [1, 4, 77]}, {2, 3, 5}),
    ],
)
def test_a_rule_takes_products_off_the_shelf(shop: Shop, rules: dict[str, Any], left: set[int]) -> None:
    shop.rows(GOODS)
    assert available(shop, **rules) == left


def test_families_and_categories_have_codes_and_products_without_stand_alone(shop: Shop) -> None:
    shop.rows(GOODS)
    newsletter_id = shop.add_newsletter()
    with shop.engine.connect() as connection:
        shelf = read_shelf(connection, newsletter_id=newsletter_id).shelf
    assert shelf.product_ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert shelf.available.tolist() == [True, True, True, True, True, False]
    assert shelf.family.tolist() == [1, 1, 3, 4, 5, 6]
    assert shelf.category.tolist() == [1, 1, 3, 4, 5, 1]
    assert shelf.per_category == 3


def test_a_shop_without_products_has_an_empty_shelf(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter()
    with shop.engine.connect() as connection:
        shelf = read_shelf(connection, newsletter_id=newsletter_id).shelf
    assert (len(shelf.product_ids), len(shelf.available), shelf.category.dtype) == (0, 0, "int64")


def test_a_newsletter_begins_with_rules_that_leave_everything(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter()
    with shop.engine.connect() as connection:
        assert rules_of(connection, newsletter_id=newsletter_id) == DEFAULTS


def test_rules_are_kept_for_one_newsletter(shop: Shop) -> None:
    mine, other = shop.add_newsletter(), shop.add_newsletter("other")
    rules = Rules(
        price_min=Decimal("0.50"),
        price_max=Decimal("20.00"),
        excluded_categories=["a, b", '"quoted"'],
        excluded_product_ids=[3],
        per_category=1,
        cool_down_weeks=0,
        buy_again=True,
    )
    with shop.engine.begin() as connection:
        save_rules(connection, rules, newsletter_id=mine)
        assert rules_of(connection, newsletter_id=mine) == rules
        assert rules_of(connection, newsletter_id=other) == DEFAULTS


def test_a_process_looks_at_the_shelf_again_after_some_seconds_and_not_before(shop: Shop) -> None:
    shop.rows(GOODS)
    newsletter_id, other_id = shop.add_newsletter(), shop.add_newsletter("other", price_max=6)
    time_s = [100.0]
    shelves = Shelves(age_s=5.0, now=lambda: time_s[0])

    def on_shelf(of: int) -> int:
        with shop.engine.connect() as connection:
            return int(shelves.of(connection, newsletter_id=of).shelf.available.sum())

    assert (on_shelf(newsletter_id), on_shelf(other_id)) == (5, 2)
    shop.rows("UPDATE products SET in_stock = false WHERE id = 1")
    assert on_shelf(newsletter_id) == 5
    time_s[0] = 105.1
    assert (on_shelf(newsletter_id), on_shelf(other_id)) == (4, 1)


def test_what_somebody_typed_is_compared_with_the_catalogue(shop: Shop) -> None:
    shop.rows(GOODS)
    with shop.engine.connect() as connection:
        assert unknown_products(connection, product_ids=[77, 1, 78]) == [77, 78]
        assert categories(connection) == ["kitchen", "light"]
