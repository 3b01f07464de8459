"""Fixtures of the tests that send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sending_desk import Mailing

if TYPE_CHECKING:
    from shop_world import Shop


@pytest.fixture
def mailing(shop: Shop, redis_url: str) -> Mailing:
    """A running campaign without jobs, and products to recommend."""
    shop.add_products()
    return Mailing(shop, redis_url, shop.add_campaign(shop.add_newsletter()))
