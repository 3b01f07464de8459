from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
import redis

pytestmark = pytest.mark.integration


def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_an_empty_database_with_the_newest_schema(database_url: str, turn: int) -> None:
    assert _rows(database_url, "SELECT count(*) FROM users") == [(0,)], f"turn {turn}"
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        connection.execute("INSERT INTO users (email) VALUES ('a@example.org')")


@pytest.mark.parametrize("turn", range(17))  # Redis has 16 databases: the last turn meets the first one's
def test_every_test_gets_an_empty_redis(redis_url: str, turn: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0, f"turn {turn}"
        client.set("left", "behind")


def test_postgres_keeps_what_it_confirmed(database_url: str) -> None:
    assert _rows(database_url, "SHOW fsync") == [("on",)]
    assert _rows(database_url, "SHOW synchronous_commit") == [("on",)]


def test_redis_never_evicts(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("append*")["appendonly"] == "yes"


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_a_missing_server_skips_on_a_laptop_and_fails_in_ci(ci: str, outcome: str) -> None:
    test = f"{__file__}::test_redis_never_evicts"
    env = {**os.environ, "STEADYPOST_STACK_SERVERS": "none of these", "CI": ci}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    assert outcome in subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout
