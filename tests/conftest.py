"""Real servers for every test that asks: one PostgreSQL and one Redis a session, a fresh database a test."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from hypothesis import HealthCheck, settings
from interruption import stop_in_order

from chaos.toxiproxy.binary import find_toxiproxy
from chaos.toxiproxy.errors import ToxiproxyError
from stack import ports
from stack.errors import StackError
from stack.postgres import Postgres, prepare_postgres
from stack.readiness import wait_until_ready
from stack.redis import RedisServer, prepare_redis
from system.storage.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stack.account import Account

TEMPLATE = "migrated_template"
READY_DEADLINE_S = 60.0
# No example fails because other tests keep the cores busy.
settings.register_profile("patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("steadypost")
    group.addoption("--stack", choices=("embedded", "containers"), default="embedded", help="where the servers run")
    group.addoption("--postgres-image", default="postgres:17", help="with --stack=containers")
    group.addoption("--redis-image", default="redis:8.0", help="with --stack=containers; Valkey's works as well")


def pytest_configure(config: pytest.Config) -> None:
    stop_in_order(config)
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        number = int(worker["workerid"].removeprefix("gw"))
        ports.PORT_RANGE = _share(ports.PORT_RANGE, number=number, of=worker["workercount"])


def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: half of the tests wait for something, so there are more workers than cores."""
    return (os.cpu_count() or 1) * 3 // 2


def _share(whole: range, *, number: int, of: int) -> range:
    """One worker's ports: what another one has drawn and not yet bound, or closed as a fault, looks free."""
    size, turn = len(whole) // of, number % of  # the number of one that replaces a dead worker is higher
    return whole[turn * size : (turn + 1) * size]


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Under /var/tmp and open to all: pytest's own folder is closed to the account that runs PostgreSQL for root."""
    folder = Path(tempfile.mkdtemp(prefix="steadypost-tests-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path, pytestconfig: pytest.Config) -> Iterator[Postgres]:
    """A running PostgreSQL."""
    if pytestconfig.getoption("stack") == "containers":
        from containers import postgres_in_container  # noqa: PLC0415  # it imports for a second

        with postgres_in_container(pytestconfig.getoption("postgres_image")) as server:
            yield server
        return
    with _unavailable_is_a_skip():
        server = prepare_postgres(folder=server_folder / "postgres", port=_free_port(), password="test")
    with _running(server.command, check=server.check, log=server_folder / "postgres.log", account=server.account):
        yield server


@pytest.fixture(scope="session")
def redis_server(server_folder: Path, pytestconfig: pytest.Config) -> Iterator[RedisServer]:
    """A running Redis."""
    if pytestconfig.getoption("stack") == "containers":
        from containers import redis_in_container  # noqa: PLC0415  # it imports for a second

        with redis_in_container(pytestconfig.getoption("redis_image")) as server:
            yield server
        return
    with _unavailable_is_a_skip():
        server = prepare_redis(folder=server_folder / "redis", port=_free_port())
    with _running(server.command, check=server.check, log=server_folder / "redis.log", account=None):
        yield server


@pytest.fixture(scope="session")
def toxiproxy_program() -> Path:
    """The real Toxiproxy server; the first run on a machine builds it."""
    with _unavailable_is_a_skip():
        return find_toxiproxy()


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: Postgres) -> str:
    postgres_server.create_database(TEMPLATE)
    upgrade(postgres_server.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(postgres_server: Postgres, _migrated_template: str) -> Iterator[str]:
    """A fresh database with the newest schema; whoever still holds a connection afterwards loses it."""
    name = f"test_{next(_DATABASE_NUMBERS)}"
    postgres_server.create_database(name, template=_migrated_template)
    try:
        yield postgres_server.url(name)
    finally:
        postgres_server.drop_database(name)


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty database of the running Redis."""
    url = redis_server.url(next(_REDIS_NUMBERS))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


_DATABASE_NUMBERS = itertools.count(1)
_REDIS_NUMBERS = itertools.cycle(range(16))


@contextmanager
def _unavailable_is_a_skip() -> Iterator[None]:
    # A laptop without servers may skip; a green CI run must have used them.
    try:
        yield
    except (StackError, ToxiproxyError) as exc:
        if os.environ.get("CI", "").lower() == "true":
            raise
        pytest.skip(str(exc))


def _free_port() -> int:
    return ports.find_ports(1, choice=random.SystemRandom())[0]


@contextmanager
def _running(command: list[str], *, check: Callable[[], None], log: Path, account: Account | None) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    try:
        wait_until_ready(check, what=command[0], deadline_s=READY_DEADLINE_S, is_alive=lambda: process.poll() is None)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown; Redis ends as well
        process.wait(timeout=30)
