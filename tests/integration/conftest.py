"""Fixtures that more than one folder of integration tests needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from shop_world import Shop

from system.storage.database import new_engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    """An empty shop in a fresh database."""
    engine = new_engine(database_url, application="tests", pool_size=10)
    yield Shop(engine)
    engine.dispose()


@pytest.fixture
def anyio_backend() -> str:
    """What runs the tests that are coroutines: the loop that the product uses."""
    return "asyncio"
