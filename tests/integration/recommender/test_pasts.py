"""What a person's past is to the recommender: bought, excluded, and shown in the weeks that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from system.states import JobState
from system.storage import shelves
from system.storage.histories import Past, pasts
from system.storage.shelves import campaigns_since

if TYPE_CHECKING:
    from shop_world import Shop

pytestmark = pytest.mark.integration

MAY_HAVE_REACHED = {"ready", "claimed", "sending", "unknown", "accepted", "delivered", "indeterminate"}


def past_of(shop: Shop, user_id: int, *, campaign_ids: list[int] | None = None) -> Past:
    with shop.engine.connect() as connection:
        return pasts(connection, user_ids=[user_id], campaign_ids=campaign_ids or [])[user_id]


def buy(shop: Shop, user_id: int, product_id: int, day: str) -> None:
    shop.rows(
        "INSERT INTO orders (user_id, product_id, created_at) VALUES (:user_id, :product_id, CAST(:day AS date))",
        user_id=user_id,
        product_id=product_id,
        day=day,
    )


def test_each_product_is_bought_once_and_so_many_times_the_newest_first(shop: Shop) -> None:
    lamp, mug, rope = shop.add_products(3)
    user_id, other_id = shop.add_user(), shop.add_user()
    for product_id, day in ((lamp, "2026-01-01"), (mug, "2026-05-01"), (lamp, "2026-06-01"), (rope, "2026-02-01")):
        buy(shop, user_id, product_id, day)
    buy(shop, other_id, rope, "2026-03-01")
    assert past_of(shop, user_id) == Past(bought=[lamp, mug, rope], times=[2, 1, 1], excluded=[], shown=[])
    assert past_of(shop, other_id).bought == [rope]


def test_purchases_of_the_same_moment_have_an_order(shop: Shop) -> None:
    products = shop.add_products(9)
    user_id = shop.add_user()
    for product_id in reversed(products):
        buy(shop, user_id, product_id, "2026-01-01")
    assert past_of(shop, user_id).bought == products


def test_who_never_bought_or_does_not_exist_has_an_empty_past(shop: Shop) -> None:
    with shop.engine.connect() as connection:
        assert pasts(connection, user_ids=[99], campaign_ids=[]) == {99: Past([], [], [], [])}
        assert pasts(connection, user_ids=[], campaign_ids=[]) == {}


def test_what_is_excluded_for_one_person_is_excluded_for_nobody_else(shop: Shop) -> None:
    lamp, mug = shop.add_products(2)
    user_id, other_id = shop.add_user(), shop.add_user()
    shop.rows("INSERT INTO excluded_products VALUES (:user_id, :mug)", user_id=user_id, mug=mug)
    assert past_of(shop, user_id).excluded == [mug]
    assert past_of(shop, other_id).excluded == []
    assert lamp not in past_of(shop, user_id).excluded


def test_a_person_who_is_erased_leaves_no_exclusion_behind(shop: Shop) -> None:
    [lamp] = shop.add_products(1)
    user_id = shop.add_user()
    shop.rows("INSERT INTO excluded_products VALUES (:user_id, :lamp)", user_id=user_id, lamp=lamp)
    shop.rows("DELETE FROM users WHERE id = :user_id", user_id=user_id)
    assert shop.rows("SELECT * FROM excluded_products") == []


def test_a_product_that_is_deleted_leaves_no_exclusion_behind(shop: Shop) -> None:
    [lamp] = shop.add_products(1)
    shop.rows("INSERT INTO excluded_products VALUES (:user_id, :lamp)", user_id=shop.add_user(), lamp=lamp)
    shop.rows("DELETE FROM products")
    assert shop.rows("SELECT * FROM excluded_products") == []


@pytest.mark.parametrize("state", JobState)
def test_what_may_have_reached_somebody_was_shown(shop: Shop, state: JobState) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter())
    user_id = shop.add_user()
    shop.add_job(campaign_id, state, user_id=user_id, product_ids=[4, 8])
    shown = past_of(shop, user_id, campaign_ids=[campaign_id]).shown
    # A pending job has no products in truth; if it had, it might still reach somebody.
    assert sorted(shown) == ([4, 8] if state in MAY_HAVE_REACHED | {"pending"} else [])


def test_only_the_campaigns_that_are_asked_about_count_and_only_the_person_s_own_job(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter()
    old, recent = (shop.add_campaign(newsletter_id, week_key=week) for week in ("2026-W40", "2026-W46"))
    user_id = shop.add_user()
    shop.add_job(recent, "delivered", product_ids=[3])  # a stranger's, before and after
    shop.add_job(old, "delivered", user_id=user_id, product_ids=[1])
    shop.add_job(recent, "delivered", user_id=user_id, product_ids=[2])
    shop.add_job(recent, "delivered", product_ids=[4])
    assert past_of(shop, user_id, campaign_ids=[recent]).shown == [2]
    assert sorted(past_of(shop, user_id, campaign_ids=[old, recent]).shown) == [1, 2]


def test_weeks_are_counted_from_the_campaign_s_own_week_over_the_turn_of_the_year(shop: Shop) -> None:
    weekly, monthly = shop.add_newsletter(), shop.add_newsletter("monthly")
    weeks = ("2026-W49", "2026-W50", "2026-W53", "2027-W01")
    before, first, last, own = (shop.add_campaign(weekly, week_key=week) for week in weeks)
    beside = shop.add_campaign(monthly, week_key="2027-W01")
    with shop.engine.connect() as connection:
        found = campaigns_since(connection, week_key="2027-W01", weeks=4, besides=own)
        assert found == [first, last, beside]  # 2026 has 53 weeks
        assert before in campaigns_since(connection, week_key="2027-W01", weeks=5, besides=own)
        assert campaigns_since(connection, week_key="2027-W01", weeks=0, besides=own) == []


def test_a_campaign_that_was_paused_for_weeks_knows_what_was_shown_meanwhile(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter()
    paused = shop.add_campaign(newsletter_id, week_key="2026-W40")
    later = shop.add_campaign(newsletter_id, week_key="2026-W47")
    with shop.engine.connect() as connection:
        assert campaigns_since(connection, week_key="2026-W40", weeks=4, besides=paused) == [later]


def test_a_campaign_whose_rows_were_dropped_is_not_asked(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter()
    campaign_id = shop.add_campaign(newsletter_id)
    shop.rows("UPDATE campaigns SET forgotten_at = now()")
    with shop.engine.connect() as connection:
        assert shelves.edition_of(connection, campaign_id=campaign_id) == (newsletter_id, "2026-W47")
        assert campaigns_since(connection, week_key="2026-W47", weeks=4) == []
