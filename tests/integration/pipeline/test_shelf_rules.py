"""What somebody may tell a newsletter to recommend, and what they read when that can't be."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from system.errors import InputError
from system.pipeline.shelf_rules import Change, change_rules, find_shelf

if TYPE_CHECKING:
    from shop_world import Shop

    from system.pipeline.shelf import NewsletterShelf

pytestmark = pytest.mark.integration

GOODS = """
    INSERT INTO products (id, sku, name, category, price) VALUES
        (1, 'A', 'Lamp', 'light', 5), (2, 'B', 'Mug', 'kitchen', 10), (3, 'C', 'Rope', '', 20)
"""


@pytest.fixture(autouse=True)
def _goods(shop: Shop) -> None:
    shop.rows(GOODS)
    shop.add_newsletter()


def change(shop: Shop, **what: Any) -> NewsletterShelf:
    with shop.engine.begin() as connection:
        return change_rules(connection, newsletter="weekly-recos", change=Change(**what))


def stored(shop: Shop) -> NewsletterShelf:
    with shop.engine.connect() as connection:
        return find_shelf(connection, newsletter="weekly-recos")


def test_a_change_leaves_the_other_rules_alone(shop: Shop) -> None:
    change(shop, price_min="6", per_category=1, buy_again=True)
    change(shop, price_max="19.99", cool_down_weeks=0)
    rules = stored(shop).rules
    assert (rules.price_min, rules.price_max) == (Decimal(6), Decimal("19.99"))
    assert (rules.per_category, rules.cool_down_weeks, rules.buy_again) == (1, 0, True)


def test_the_shelf_that_is_left_is_told(shop: Shop) -> None:
    assert change(shop, price_min="6").shelf.available.tolist() == [False, True, True]
    assert change(shop, price_min="none").shelf.available.tolist() == [True, True, True]


def test_categories_and_products_are_excluded_and_included_again(shop: Shop) -> None:
    change(shop, exclude_categories=["light"], exclude_products=[3])
    change(shop, exclude_categories=["kitchen"], include_categories=["light"], include_products=[3])
    assert stored(shop).rules.excluded_categories == ["kitchen"]
    assert stored(shop).rules.excluded_product_ids == []


def test_a_category_that_no_product_has_any_more_can_be_included_again(shop: Shop) -> None:
    change(shop, exclude_categories=["light"])
    shop.rows("UPDATE products SET category = 'lamps' WHERE id = 1")
    change(shop, include_categories=["light"])
    assert stored(shop).rules.excluded_categories == []


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"price_min": "cheap"}, r"price_min='cheap' is not a price\. Give an amount such as 9\.50, or none for no li"),
        ({"price_min": "-1"}, "price_min='-1' is not a price"),
        ({"price_min": ""}, "price_min='' is not a price"),
        ({"price_max": "NaN"}, "price_max='NaN' is not a price"),
        ({"price_max": "Infinity"}, "price_max='Infinity' is not a price"),
        ({"price_max": "9.999"}, "price_max='9.999' is not a price"),
        ({"price_max": "1e10"}, "price_max='1e10' is not a price"),
        ({"price_min": "9", "price_max": "8"}, r"price_min='9' is more than price_max=8\. Lower it, or lift a limit"),
        (
            {"exclude_categories": ["Light"]},
            "exclude_category='Light' is the category of no product. Known categories: k",
        ),
        ({"exclude_products": [1, 77]}, "exclude_product=77 is no product"),
        ({"per_category": 0}, "per_category=0 is not between 1 and 5"),
        ({"per_category": 6}, "per_category=6 is not between 1 and 5"),
        ({"cool_down_weeks": -1}, "cool_down_weeks=-1 is not between 0 and 52"),
        ({"cool_down_weeks": 53}, "cool_down_weeks=53 is not between 0 and 52"),
        ({"price_min": "20.01"}, "rules='weekly-recos' would leave nothing to recommend. Widen the price band"),
    ],
)
def test_what_can_not_be_is_named_and_changes_nothing(shop: Shop, what: dict[str, Any], says: str) -> None:
    before = stored(shop).rules
    with pytest.raises(InputError, match=says):
        change(shop, **what)
    assert stored(shop).rules == before


def test_a_shop_that_sells_nothing_yet_may_have_its_rules(shop: Shop) -> None:
    shop.rows("UPDATE products SET in_stock = false")
    change(shop, price_min="20.01")
    assert stored(shop).rules.price_min == Decimal("20.01")


def test_an_unknown_newsletter_is_named_with_the_known_ones(shop: Shop) -> None:
    with shop.engine.connect() as connection, pytest.raises(InputError, match="Known newsletters: weekly-recos"):
        find_shelf(connection, newsletter="monthly")
