"""A batch through the newsletter's rules: from what people bought and were shown to the products of their jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY
from trained_models import publish_version

from system.pipeline.panel import panel_for
from system.pipeline.recommend import recommend_batch
from system.pipeline.shelf import Shelves
from system.recommender.model_cache import ModelCache
from system.storage.database import transaction
from system.storage.leftovers import Batch
from system.storage.model_pins import pins_of

if TYPE_CHECKING:
    from pathlib import Path

    from shop_world import Shop

pytestmark = pytest.mark.integration


@dataclass
class Recommending:
    """A shop with a model that finds nothing alike, so that everybody gets what is popular: products by their ids."""

    shop: Shop
    folder: Path
    newsletter_id: int

    def __post_init__(self) -> None:
        self.models = ModelCache(self.folder)

    def rules(self, **columns: Any) -> None:
        for name, value in columns.items():
            self.shop.rows(f"UPDATE newsletters SET {name} = :value", value=value)

    def campaign(self, week: int, *, newsletter_id: int | None = None) -> int:
        return self.shop.add_campaign(newsletter_id or self.newsletter_id, week_key=f"2026-W{week}")

    def shown(self, campaign_id: int, user_id: int, *product_ids: int) -> None:
        because = [0] * len(product_ids)
        products = list(product_ids)
        self.shop.add_job(campaign_id, "delivered", user_id=user_id, product_ids=products, because_ids=because)

    def recommend(self, campaign_id: int) -> tuple[int, dict[str, int]]:
        engine = self.shop.engine
        with transaction(engine) as connection:
            pins = pins_of(connection, campaign_id=campaign_id)
        assert pins is not None
        panel = panel_for(engine, campaign_id=campaign_id, pins=pins, models=self.models, patience_s=0)
        batch = Batch(campaign_id=campaign_id, first_id=1, last_id=1_000_000)
        return recommend_batch(engine, batch=batch, scorer=panel, shelves=Shelves())

    def products_for(self, user_id: int, *, week: int = 47) -> list[int]:
        """What somebody is recommended in a new campaign."""
        campaign_id = self.campaign(week)
        job_id = self.shop.add_job(campaign_id, "pending", user_id=user_id)
        self.recommend(campaign_id)
        product_ids: list[int] = self.shop.value("SELECT product_ids FROM email_jobs WHERE id = :id", id=job_id)
        return product_ids


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def with_products(shop: Shop, folder: Path, count: int) -> Recommending:
    products = shop.add_products(count)
    publish_version(shop.engine, folder, products)
    return Recommending(shop, folder, shop.add_newsletter())


@pytest.fixture
def shop_of_twelve(shop: Shop, folder: Path) -> Recommending:
    return with_products(shop, folder, 12)


def buy(shop: Shop, user_id: int, *product_ids: int) -> None:
    for product_id in product_ids:
        shop.rows("INSERT INTO orders (user_id, product_id) VALUES (:u, :p)", u=user_id, p=product_id)


def counted(source: str) -> float:
    return REGISTRY.get_sample_value("steadypost_recommendations_total", {"source": source}) or 0


def test_who_bought_nothing_gets_what_is_popular_and_is_counted(shop_of_twelve: Recommending) -> None:
    before = counted("no_history")
    assert shop_of_twelve.products_for(shop_of_twelve.shop.add_user()) == [1, 2, 3, 4, 5]
    assert counted("no_history") == before + 1


def test_what_was_bought_is_not_recommended_unless_the_newsletter_says_so(shop_of_twelve: Recommending) -> None:
    user_id = shop_of_twelve.shop.add_user()
    buy(shop_of_twelve.shop, user_id, 2, 4)
    assert shop_of_twelve.products_for(user_id) == [1, 3, 5, 6, 7]
    shop_of_twelve.rules(buy_again=True, cool_down_weeks=0)
    assert {2, 4} <= set(shop_of_twelve.products_for(user_id, week=48))


def test_what_any_newsletter_showed_lately_is_not_recommended_again(shop_of_twelve: Recommending) -> None:
    shop, user_id = shop_of_twelve.shop, shop_of_twelve.shop.add_user()
    monthly = shop.add_newsletter("monthly")
    shop_of_twelve.shown(shop_of_twelve.campaign(42), user_id, 1)  # five weeks ago
    shop_of_twelve.shown(shop_of_twelve.campaign(43), user_id, 2)
    shop_of_twelve.shown(shop_of_twelve.campaign(47, newsletter_id=monthly), user_id, 3, 4)
    assert shop_of_twelve.products_for(user_id) == [1, 5, 6, 7, 8]


def test_without_a_cool_down_the_same_comes_every_week(shop_of_twelve: Recommending) -> None:
    user_id = shop_of_twelve.shop.add_user()
    shop_of_twelve.rules(cool_down_weeks=0)
    assert shop_of_twelve.products_for(user_id, week=47) == shop_of_twelve.products_for(user_id, week=48)


def test_a_product_that_is_excluded_for_one_person_is_shown_to_another(shop_of_twelve: Recommending) -> None:
    shop = shop_of_twelve.shop
    one, other = shop.add_user(), shop.add_user()
    shop.rows("INSERT INTO excluded_products VALUES (:one, 1)", one=one)
    assert shop_of_twelve.products_for(one) == [2, 3, 4, 5, 6]
    assert 1 in shop_of_twelve.products_for(other, week=48)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE products SET in_stock = false WHERE id = 2",
        "UPDATE products SET price = 3 WHERE id = 2; UPDATE newsletters SET price_min = 3.01",
        "UPDATE products SET category = 'x' WHERE id = 2; UPDATE newsletters SET excluded_categories = '{x}'",
        "UPDATE newsletters SET excluded_product_ids = '{2}'",
    ],
)
def test_what_is_off_the_shelf_is_not_recommended(shop_of_twelve: Recommending, change: str) -> None:
    for statement in change.split("; "):
        shop_of_twelve.shop.rows(statement)
    assert shop_of_twelve.products_for(shop_of_twelve.shop.add_user()) == [1, 3, 4, 5, 6]


def test_a_mail_shows_one_of_a_family_and_few_of_a_category(shop_of_twelve: Recommending) -> None:
    shop = shop_of_twelve.shop
    shop.rows("UPDATE products SET family = 'mug' WHERE id IN (1, 2)")
    shop.rows("UPDATE products SET category = 'kitchen' WHERE id <= 7")
    assert shop_of_twelve.products_for(shop.add_user()) == [1, 3, 4, 8, 9]


def test_in_a_shop_of_one_product_everybody_but_its_buyer_is_shown_it_every_week(shop: Shop, folder: Path) -> None:
    small = with_products(shop, folder, 1)
    buyer, other = shop.add_user(), shop.add_user()
    buy(shop, buyer, 1)
    before = counted("repeated")
    assert [small.products_for(other, week=week) for week in (47, 48, 49)] == [[1], [1], [1]]
    assert counted("repeated") == before + 2
    assert small.products_for(buyer, week=50) == []
    assert shop.rows("SELECT status, reason FROM email_jobs WHERE user_id = :id", id=buyer) == [
        ("skipped", "nothing to recommend")
    ]


def test_who_only_returned_things_is_recommended_what_is_popular(shop_of_twelve: Recommending) -> None:
    shop, user_id = shop_of_twelve.shop, shop_of_twelve.shop.add_user()
    buy(shop, user_id, 1)
    shop.rows("DELETE FROM orders")  # a return takes the purchase back
    assert shop_of_twelve.products_for(user_id) == [1, 2, 3, 4, 5]


def test_a_product_that_vanished_since_the_training_is_recommended_to_nobody(shop_of_twelve: Recommending) -> None:
    shop_of_twelve.shop.rows("DELETE FROM products WHERE id IN (1, 3)")
    assert shop_of_twelve.products_for(shop_of_twelve.shop.add_user()) == [2, 4, 5, 6, 7]


def test_when_everything_is_sold_out_everybody_is_skipped_with_the_reason(shop_of_twelve: Recommending) -> None:
    shop = shop_of_twelve.shop
    shop.rows("UPDATE products SET in_stock = false")
    user_id = shop.add_user()
    before = counted("nothing_left")
    assert shop_of_twelve.products_for(user_id) == []
    assert shop.states() == {"skipped": 1}
    assert counted("nothing_left") == before + 1


def test_a_batch_that_is_computed_twice_is_stored_and_counted_once(shop_of_twelve: Recommending) -> None:
    campaign_id = shop_of_twelve.campaign(47)
    shop_of_twelve.shop.add_job(campaign_id, "pending")
    assert shop_of_twelve.recommend(campaign_id) == (1, {"no_history": 1})
    before = counted("no_history")
    assert shop_of_twelve.recommend(campaign_id) == (0, {})
    assert counted("no_history") == before
