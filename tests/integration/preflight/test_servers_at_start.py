"""What is said of servers that we must not work with, and which processes then refuse to start."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import redis
from sentinels import watched_redis
from shop_world import settings_with
from sqlalchemy import text

from stack.ports import find_ports
from system.errors import DependencyError
from system.preflight.finding import Level
from system.preflight.postgres import examine_postgres
from system.preflight.redis_server import examine_redis, examine_redis_broker
from system.preflight.start import start_or_exit
from system.storage import epochs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shop_world import Shop

    from stack.postgres import Postgres
    from system.preflight.finding import Finding

pytestmark = pytest.mark.integration

KEY = "0123456789abcdefghijklmnopqrstuv"
NOBODY = "redis://127.0.0.1:1/0"


@contextmanager
def configured(url: str, **settings: str) -> Iterator[None]:
    """The server with other settings for a while."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        names = {name.replace("_", "-"): value for name, value in settings.items()}
        before = {name: client.config_get(name)[name] for name in names}
        for name, value in names.items():
            client.config_set(name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                client.config_set(name, value)


@contextmanager
def user(url: str, *rules: str) -> Iterator[str]:
    """Its URL."""
    with redis.Redis.from_url(url) as client:
        client.execute_command("ACL", "SETUSER", "role", "on", ">pass", "~*", "&*", *rules)
        try:
            yield url.replace("redis://", "redis://role:pass@")
        finally:
            client.acl_deluser("role")


def levels(found: list[Finding]) -> dict[str, Level]:
    return {finding.what: finding.level for finding in found}


def test_a_redis_as_it_should_be_is_fine(redis_url: str) -> None:
    found = examine_redis(settings_with(redis_url=redis_url))
    assert levels(found) == {"redis": Level.OK, "redis eviction": Level.OK}


@pytest.mark.parametrize("rules", [["+@all"], ["+@all", "-config"]], ids=["CONFIG", "INFO"])
@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_redis_that_drops_keys_must_be_mended(redis_url: str, policy: str, rules: list[str]) -> None:
    with configured(redis_url, maxmemory_policy=policy), user(redis_url, *rules) as url:
        found = examine_redis(settings_with(redis_url=url))
    assert levels(found)["redis eviction"] is Level.FIX
    assert policy in found[-1].says
    assert "noeviction" in found[-1].says


def test_a_user_who_may_not_ask_which_server_it_is_gets_no_permits_and_must_be_mended(redis_url: str) -> None:
    with user(redis_url, "+@all", "-info") as url:
        (found,) = examine_redis(settings_with(redis_url=url))
    assert found.level is Level.FIX
    assert "info" in found.says


@pytest.mark.parametrize("login", ["role:hush", "nobody:hush"])
def test_a_redis_that_lets_nobody_in_must_be_mended(redis_url: str, login: str) -> None:
    with user(redis_url, "+@all"):
        (found,) = examine_redis(settings_with(redis_url=redis_url.replace("redis://", f"redis://{login}@")))
    assert found.level is Level.FIX
    assert "check user and password" in found.says
    assert "hush" not in found.says


def test_a_broker_of_its_own_is_looked_at_as_well(redis_url: str) -> None:
    settings = settings_with(redis_url=NOBODY, broker_url=redis_url)
    assert levels(examine_redis_broker(settings)) == {"broker": Level.OK, "broker eviction": Level.OK}
    assert examine_redis_broker(settings_with(redis_url=redis_url)) == []
    assert examine_redis_broker(settings_with(broker_url="amqp://127.0.0.1")) == []


def test_production_is_warned_of_a_redis_without_disk_and_password(redis_url: str) -> None:
    production = {"environment": "production", "link_keys": [KEY], "accounts": {}}
    with configured(redis_url, appendonly="no"):
        found = levels(examine_redis(settings_with(redis_url=redis_url, **production)))
    assert found == {
        "redis": Level.OK,
        "redis eviction": Level.OK,
        "redis persistence": Level.WARN,
        "redis password": Level.WARN,
    }


def test_a_master_behind_sentinels_is_asked_for_its_replicas(tmp_path: Path) -> None:
    with watched_redis(tmp_path / "redis") as watched:
        settings = settings_with(redis_url=watched.url)
        assert levels(examine_redis(settings))["redis replicas"] is Level.OK
        for port in {server.port for server in watched.servers} - {watched.master()}:
            watched.processes[port].kill()
            watched.processes[port].wait()
        assert levels(examine_redis(settings))["redis replicas"] is Level.WARN


def test_servers_that_are_away_are_no_finding() -> None:
    with pytest.raises(DependencyError, match=r"redis can't be reached: .*Check that it runs"):
        examine_redis(settings_with(redis_url=NOBODY))
    with pytest.raises(DependencyError, match=r"PostgreSQL at 127\.0\.0\.1:1/none can't be used"):
        examine_postgres(settings_with())


def test_a_database_is_fine_at_our_schema_and_at_a_newer_one_and_not_without(
    postgres_server: Postgres, shop: Shop, database_url: str
) -> None:
    settings = settings_with(database_url=database_url)
    assert set(levels(examine_postgres(settings)).values()) == {Level.OK}
    with shop.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of_a_later_release'"))
    assert levels(examine_postgres(settings))["schema"] is Level.OK
    empty = examine_postgres(settings_with(database_url=postgres_server.url("postgres")))
    assert levels(empty)["schema"] is Level.FIX
    assert "run `steadypost db upgrade`" in empty[-1].says


def test_a_database_that_may_not_send_is_told(shop: Shop, database_url: str) -> None:
    with shop.engine.begin() as connection:
        epochs.lock_sending(connection, reason="a drill")
    found = {finding.what: finding for finding in examine_postgres(settings_with(database_url=database_url))}
    assert found["sending"].level is Level.WARN
    assert found["sending"].says.startswith("locked: a drill. Find out what was sent: `steadypost db reconcile`")


def test_what_stays_away_ends_a_process_that_would_work(database_url: str) -> None:
    settings = settings_with(database_url=database_url, redis_url=NOBODY)
    with pytest.raises(SystemExit, match=r"^steadypost can't start: redis can't be reached"):
        start_or_exit(settings, patience_s=0.1)
    start_or_exit(settings, patience_s=0)


@pytest.mark.parametrize(
    "command",
    [
        ["celery", "-A", "system.tasks.app", "worker", "-Q", "tracking", "--concurrency", "1"],
        ["celery", "-A", "system.tasks.app", "beat"],
        ["granian", "--interface", "asgi", "system.web.app:app"],
    ],
    ids=["worker", "beat", "web"],
)
def test_no_process_starts_on_servers_that_lose_work(
    postgres_server: Postgres, redis_url: str, tmp_path: Path, command: list[str]
) -> None:
    with configured(redis_url, maxmemory_policy="allkeys-lru"):
        ended = start_in_vain(command, postgres_server.url("postgres"), redis_url, tmp_path)
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "Traceback" not in said
    refusals = [line for line in said.splitlines() if line.startswith("steadypost can't start: ")]
    assert [line.split(": ")[1] for line in refusals] == ["schema", "redis eviction"], said


def start_in_vain(
    command: list[str], database_url: str, redis_url: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    values = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ACCOUNTS__DEFAULT__API_KEY": "SG.test",
        "WEBHOOK_PUBLIC_KEYS": "[]",
        "PUBLIC_URL": "http://127.0.0.1:1",
        "LINK_KEYS": json.dumps([KEY]),
        "FROM_EMAIL": "weekly@shop.example",
        "FROM_NAME": "Harbour & Home",
        "POSTAL_ADDRESS": "12 Quay Street",
        "SHOP_URL": "https://shop.example",
    }
    port = find_ports(1, choice=random.SystemRandom())[0]
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={
            **os.environ,
            "GRANIAN_PORT": str(port),
            **{f"STEADYPOST_{name}": value for name, value in values.items()},
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
