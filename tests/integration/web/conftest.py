"""Fixtures of the tests that talk to the web process."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, create_engine, text
from web_process import LINK_KEY, PUBLIC_URL, Provider, StartWeb, Web, running_web

from stack.ports import find_ports
from system.mail.links import UnsubscribeLinks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from stack.postgres import Postgres
    from stack.redis import RedisServer


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


@pytest.fixture(scope="session")
def web_database_url(postgres_server: Postgres, _migrated_template: str) -> Iterator[str]:
    """One database for all tests of the web: they share its process, which takes seconds to start."""
    postgres_server.create_database("web", template=_migrated_template)
    yield postgres_server.url("web")
    postgres_server.drop_database("web")


@pytest.fixture
def engine(web_database_url: str) -> Iterator[Engine]:
    engine = create_engine(web_database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("TRUNCATE webhook_inbox, users CASCADE"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def web_settings(web_database_url: str, redis_server: RedisServer, provider: Provider) -> dict[str, str]:
    return {
        "database_url": web_database_url,
        "redis_url": redis_server.url(0),
        "accounts": '{"default": {"api_key": "SG.0123456789.abcdefghijklmnopqrstuvwxyz"}}',
        "webhook_public_keys": json.dumps([provider.public_key]),
        "public_url": PUBLIC_URL,
        "link_keys": json.dumps([LINK_KEY]),
        "from_email": "shop@example.com",
        "from_name": "Harbour & Home",
        "postal_address": "12 Quay Street, Bristol",
        "shop_url": "https://shop.example.com",
    }


@pytest.fixture(scope="session")
def start_web(tmp_path_factory: pytest.TempPathFactory, web_settings: dict[str, str]) -> StartWeb:
    def start(**settings: str) -> AbstractContextManager[Web]:
        return running_web(web_settings | settings, log=tmp_path_factory.mktemp("web") / "log")

    return start


@pytest.fixture(scope="session")
def _shared_web(start_web: StartWeb) -> Iterator[Web]:
    with start_web() as running:
        yield running


@pytest.fixture
def web(_shared_web: Web, engine: Engine) -> Web:  # noqa: ARG001  # the engine's fixture empties the tables
    """The shared web process, in front of empty tables."""
    return _shared_web
