"""Fixtures of the tests that talk to the web process."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, create_engine
from web_process import LINK_KEY, PUBLIC_URL, Provider, StartWeb, Web, running_web

from stack.ports import find_ports
from system.mail.links import UnsubscribeLinks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@pytest.fixture(scope="session")
def provider() -> Provider:
    return Provider(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def other_provider() -> Provider:
    return Provider(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def closed_port() -> int:
    return find_ports(1, choice=random.SystemRandom())[0]


@pytest.fixture
def links() -> UnsubscribeLinks:
    return UnsubscribeLinks(keys=[LINK_KEY], public_url=PUBLIC_URL)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def start_web(tmp_path: Path, database_url: str, redis_url: str, provider: Provider) -> StartWeb:
    defaults = {
        "database_url": database_url,
        "redis_url": redis_url,
        "accounts": '{"default": {"api_key": "SG.test"}}',
        "webhook_public_keys": json.dumps([provider.public_key]),
        "public_url": PUBLIC_URL,
        "link_keys": json.dumps([LINK_KEY]),
        "from_email": "shop@example.com",
        "from_name": "Harbour & Home",
        "postal_address": "12 Quay Street, Bristol",
        "shop_url": "https://shop.example.com",
    }

    def start(**settings: str) -> AbstractContextManager[Web]:
        return running_web(defaults | settings, log=tmp_path / "web.log")

    return start


@pytest.fixture
def web(start_web: StartWeb) -> Iterator[Web]:
    with start_web() as running:
        yield running
