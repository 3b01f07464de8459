"""Which URLs name a Redis, and what the libraries are told of it."""

from __future__ import annotations

import pytest

from system.redis_address import RedisAddress

pytestmark = pytest.mark.unit

TRIO = "sentinel://worker:p%40ss@a.example:26379,b.example,[::1]:3/2?service=steadypost"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://cache.example", "must start with redis://"),
        ("redis:///0", "names no host"),
        ("redis://cache.example:none/0", "has a port that is no number"),
        ("redis://cache.example:99999/0", "has a port that is no number"),
        ("redis://cache.example/first", "must end with the number of a database"),
        ("redis://a.example,b.example/0", "names several hosts"),
        ("sentinel://a.example/0", r"must end with \?service="),
        ("sentinel://a.example,,b.example/0?service=s", "names no host"),
        ("sentinel://a.example/0?service=s&color=red", "has an unknown option color; known are service"),
    ],
)
def test_a_url_that_names_no_redis_says_why(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        RedisAddress(url)


@pytest.mark.parametrize(
    "url", ["redis://cache.example", "rediss://u:p@cache.example:1/3?ssl_ca_certs=/ca", "unix:///a"]
)
def test_one_server_is_named_as_the_libraries_do(url: str) -> None:
    address = RedisAddress(url)
    assert (address.broker_url, address.broker_options, address.broker_ssl) == (url, {}, None)


def test_sentinels_are_named_one_by_one_with_the_servers_user() -> None:
    address = RedisAddress(TRIO)
    assert address.broker_url == (
        "sentinel://worker:p%40ss@a.example:26379/2;"
        "sentinel://worker:p%40ss@b.example:26379/2;"
        "sentinel://worker:p%40ss@[::1]:3/2"
    )
    assert address.broker_options["master_name"] == "steadypost"
    assert address.of_servers == {"username": "worker", "password": "p@ss", "db": 2}
    assert address.sentinels == [("a.example", 26379), ("b.example", 26379), ("::1", 3)]


def test_sentinels_have_a_login_of_their_own() -> None:
    of_sentinels = RedisAddress(f"{TRIO}&sentinel_password=other").of_sentinels
    assert (of_sentinels["password"], of_sentinels.get("username")) == ("other", None)


def test_encryption_reaches_sentinels_and_servers_alike() -> None:
    address = RedisAddress("sentinels://a.example/0?service=s&ssl_ca_certs=/ca.pem")
    for told in (address.of_servers, address.of_sentinels):
        assert (told["ssl"], told["ssl_ca_certs"], told["ssl_cert_reqs"]) == (True, "/ca.pem", "required")
    assert address.broker_ssl == {"ssl_ca_certs": "/ca.pem", "ssl_cert_reqs": "required"}


def test_an_address_shows_no_password() -> None:
    assert "p%40ss" not in repr(RedisAddress(TRIO))
