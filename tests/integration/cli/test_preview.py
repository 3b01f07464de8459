"""A preview shows what a person would get now: by the rules, whether this week's mail is out or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from shop_world import Shop, settings_with
from trained_models import publish_version

from system.cli import preview
from system.week import week_key_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)


@pytest.fixture
def previewed(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop of nine products, all equally popular, so that they come by their ids."""
    publish_version(shop.engine, tmp_path, shop.add_products(9))
    monkeypatch.setattr(preview, "load_settings", lambda: settings_with(model_folder=tmp_path))
    return shop


def products_for(shop: Shop, user_id: int) -> list[int]:
    with shop.engine.connect() as connection:
        campaign = preview._campaign(connection, "weekly-recos")
        return preview._recommend(connection, user_id, campaign).product_ids


def week(*, ago: int) -> str:
    return week_key_of(NOW - timedelta(weeks=ago), time_zone="UTC")


def test_a_preview_keeps_the_newsletter_s_rules(previewed: Shop) -> None:
    previewed.add_newsletter(excluded_product_ids=[1])
    assert products_for(previewed, previewed.add_user()) == [2, 3, 4, 5, 6]


def test_last_week_s_products_are_not_previewed_and_this_week_s_are(previewed: Shop) -> None:
    newsletter_id = previewed.add_newsletter()
    user_id = previewed.add_user()
    for ago, product_id in ((1, 2), (0, 1)):
        campaign_id = previewed.add_campaign(newsletter_id, week_key=week(ago=ago))
        previewed.add_job(campaign_id, "delivered", user_id=user_id, product_ids=[product_id], because_ids=[0])
    assert products_for(previewed, user_id) == [1, 3, 4, 5, 6]
