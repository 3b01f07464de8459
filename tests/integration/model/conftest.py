"""The database of the model: one for a test, with a clock that the model moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from send_world import ModelShop, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def model_shop(database_url: str) -> Iterator[ModelShop]:
    shop = open_shop(database_url)
    yield shop
    shop.engine.dispose()
