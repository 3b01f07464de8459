from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from system.errors import SettingsError
from system.settings import ENV_PREFIX, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.unit

GOOD = {
    "DATABASE_URL": "postgresql+psycopg://me:hush-hush@db.example:5432/mail",
    "REDIS_URL": "redis://cache.example:6379/0",
    "ACCOUNTS__DEFAULT__API_KEY": "SG.0123456789.abcdefghijklmnopqrstuvwxyz",
    "WEBHOOK_PUBLIC_KEYS": '["MFkw"]',
    "PUBLIC_URL": "https://mail.shop.example",
    "LINK_KEYS": '["0123456789abcdef0123456789abcdef"]',
    "FROM_EMAIL": "weekly@shop.example",
    "FROM_NAME": "Harbour & Home",
    "POSTAL_ADDRESS": "12 Quay Street, Bristol",
    "SHOP_URL": "https://shop.example",
}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Settings]]:
    """Load the settings from exactly these variables; None leaves one out."""

    def from_variables(**changes: str | None) -> Settings:
        for name, value in (GOOD | changes).items():
            if value is None:
                monkeypatch.delenv(ENV_PREFIX + name, raising=False)
            else:
                monkeypatch.setenv(ENV_PREFIX + name, value)
        load_settings.cache_clear()
        return load_settings()

    yield from_variables
    load_settings.cache_clear()


def test_good_variables_make_settings(load: Callable[..., Settings]) -> None:
    settings = load()
    assert settings.account("default").api_key.get_secret_value() == "SG.0123456789.abcdefghijklmnopqrstuvwxyz"
    assert settings.account("default").mails_per_s == 100.0
    assert settings.broker == "redis://cache.example:6379/0"


def test_another_broker_may_be_named(load: Callable[..., Settings]) -> None:
    assert load(BROKER_URL="amqp://rabbit.example").broker == "amqp://rabbit.example"


@pytest.mark.parametrize("name", [name for name in GOOD if not name.startswith("ACCOUNTS")])
def test_a_variable_that_is_missing_is_named(load: Callable[..., Settings], name: str) -> None:
    with pytest.raises(SettingsError, match=rf"^STEADYPOST_{name}: Field required\n(.*\n)*docs/settings\.md"):
        load(**{name: None})


def test_a_missing_account_is_named(load: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match=r"^STEADYPOST_ACCOUNTS: Field required"):
        load(ACCOUNTS__DEFAULT__API_KEY=None)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BATCH_JOBS", "0", "greater than 0"),
        ("BATCH_JOBS", "many", "valid integer"),
        ("REQUEST_DEADLINE_S", "-1", "greater than 0"),
        ("SOCKET_TIMEOUT_S", "0", "greater than 0"),
        ("LINK_KEYS", "[]", "at least 1 item"),
        ("CURRENCY", "euro", "pattern"),
        ("LOG_LEVEL", "loud", "'DEBUG', 'INFO'"),
        ("ENVIRONMENT", "prod", "'production' or 'development'"),
        ("ACCOUNTS__DEFAULT__MAILS_PER_S", "0", "greater than 0"),
    ],
)
def test_a_bad_value_is_named_with_what_would_be_good(
    load: Callable[..., Settings], name: str, value: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=rf"^STEADYPOST_{name}.*: .*{says}"):
        load(**{name: value})


@pytest.mark.parametrize("name", ["LINK_KEYS", "WEBHOOK_PUBLIC_KEYS", "ACCOUNTS"])
def test_a_list_that_is_no_json_is_named(load: Callable[..., Settings], name: str) -> None:
    with pytest.raises(SettingsError, match=rf"STEADYPOST_{name}: "):
        load(**{name: "[not json"})


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "postgresql://host/db"])
def test_a_database_url_of_another_driver_is_refused(load: Callable[..., Settings], url: str) -> None:
    with pytest.raises(SettingsError, match=r"STEADYPOST_DATABASE_URL: .*postgresql\+psycopg://"):
        load(DATABASE_URL=url)


@pytest.mark.parametrize("url", ["nonsense", "http://cache.example"])
def test_a_redis_url_of_another_kind_is_refused(load: Callable[..., Settings], url: str) -> None:
    with pytest.raises(SettingsError, match=r"STEADYPOST_REDIS_URL: .*redis://"):
        load(REDIS_URL=url)


def test_all_bad_variables_are_shown_at_once(load: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match=r"STEADYPOST_FROM_EMAIL: .*\nSTEADYPOST_FROM_NAME: "):
        load(FROM_EMAIL=None, FROM_NAME=None)


def test_an_error_shows_no_secret(load: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(BATCH_JOBS="0", LINK_KEYS='["hush-hush"]')
    assert "hush-hush" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_lease_that_a_slow_answer_outlives_is_refused(load: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match=r"claim_lease_s=20 must be more than twice request_deadline_s=10"):
        load(CLAIM_LEASE_S="20")


def test_production_refuses_link_keys_that_can_be_guessed(load: Callable[..., Settings]) -> None:
    keys = json.dumps(["0123456789abcdef0123456789abcdef", "short"])
    with pytest.raises(SettingsError, match=r"link_keys must have at least 32 characters each in production"):
        load(LINK_KEYS=keys)
    assert load(LINK_KEYS=keys, ENVIRONMENT="development").environment == "development"


def test_production_refuses_links_that_can_be_read_on_the_way(load: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match=r"public_url='http://mail.shop.example' must start with https://"):
        load(PUBLIC_URL="http://mail.shop.example")
    assert load(PUBLIC_URL="http://localhost:8000", ENVIRONMENT="development").public_url == "http://localhost:8000"


def test_an_account_that_is_not_configured_is_named_with_its_variable(load: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match=r"'second' is not configured \(known: default\).*__SECOND__API_KEY"):
        load().account("second")


def test_production_refuses_to_die_on_command(load: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match=r"failpoints must be unset in production"):
        load(FAILPOINTS="/tmp/orders")
    assert load(FAILPOINTS="/tmp/orders", ENVIRONMENT="development").failpoints is not None


def test_nobody_dies_on_command_unless_asked(load: Callable[..., Settings]) -> None:
    assert load().failpoints is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ACCOUNTS__DEFAULT__API_KEY", "SG.short", "accounts__default__api_key must have at least 32 characters"),
        ("ACCOUNTS__DEFAULT__API_KEY", "SG." + "x" * 64, "accounts__default__api_key repeats the same few"),
        (
            "ACCOUNTS__DEFAULT__API_KEY",
            "<your-api-key-from-the-provider>",
            "accounts__default__api_key is a placeholder",
        ),
        ("LINK_KEYS", '["{link_key}"]', "link_keys is a placeholder"),
        ("LINK_KEYS", '["CHANGE-ME-0123456789abcdefghijklmnop"]', "link_keys is a placeholder"),
        ("DATABASE_URL", "postgresql+psycopg://me:postgres@db.example/mail", "database_url has a password that"),
        ("REDIS_URL", "redis://:changeme@cache.example/0", "redis_url has a password that"),
        ("BROKER_URL", "amqp://guest:guest@rabbit.example", "broker_url has a password that"),
    ],
)
def test_production_refuses_secrets_that_nobody_made(
    load: Callable[..., Settings], name: str, value: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=f"{says}.* in production"):
        load(**{name: value})
    assert load(**{name: value}, ENVIRONMENT="development").environment == "development"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", "postgresql+psycopg://db.example:many/mail", "port that is no number"),
        ("DATABASE_URL", "postgresql+psycopg://db.example", "names no database"),
        ("REDIS_URL", "redis://cache.example:many/0", "port that is no number"),
        ("REDIS_URL", "sentinel://cache.example/0", r"must end with \?service="),
        ("BROKER_URL", "http://rabbit.example", "must start with redis://"),
        ("BROKER_URL", "amqp://", "names no host"),
        ("PUBLIC_URL", "mail.shop.example", "must be a URL"),
        ("SHOP_URL", "https://", "must be a URL with a host"),
        ("ACCOUNTS__DEFAULT__API_URL", "api.sendgrid.com", "must be a URL"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(load: Callable[..., Settings], name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=rf"^STEADYPOST_{name}: .*{says}"):
        load(**{name: value})
