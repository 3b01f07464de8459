"""PostgreSQL and Redis in containers, for tests that ask for them with `--stack=containers`."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from stack.postgres import OWNER, Postgres
from stack.readiness import wait_until_ready
from stack.redis import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_DEADLINE_S: Final = 120.0
PASSWORD: Final = "test"  # of a server that lives as long as the tests
NOWHERE: Final = Path("/nonexistent")
"""Neither programs nor data of a server in a container can be reached from outside."""

# Its helper that removes what killed runs left behind is an image of its own, and no registry may be in reach.
testcontainers_config.ryuk_disabled = True


@contextmanager
def postgres_in_container(image: str) -> Iterator[Postgres]:
    """A PostgreSQL of this image that answers, with as many connections as the tests of one process need."""
    container = DockerContainer(image).with_exposed_ports(5432).with_command("postgres -c max_connections=200")
    container = container.with_env("POSTGRES_USER", OWNER).with_env("POSTGRES_PASSWORD", PASSWORD)
    with _running(container) as started:
        port = int(started.get_exposed_port(5432))
        server = Postgres(binaries=NOWHERE, data=NOWHERE, port=port, password=PASSWORD, account=None)
        wait_until_ready(server.check, what=image, deadline_s=READY_DEADLINE_S)
        yield server


@contextmanager
def redis_in_container(image: str) -> Iterator[RedisServer]:
    """A Redis or Valkey of this image that answers; it never evicts."""
    container = DockerContainer(image).with_exposed_ports(6379)
    program = "valkey-server" if "valkey" in image else "redis-server"
    container = container.with_command(f"{program} --protected-mode no --maxmemory-policy noeviction")
    with _running(container) as started:
        server = RedisServer(program=NOWHERE, data=NOWHERE, port=int(started.get_exposed_port(6379)))
        wait_until_ready(server.check, what=image, deadline_s=READY_DEADLINE_S)
        yield server


@contextmanager
def _running(container: DockerContainer) -> Iterator[DockerContainer]:
    with container:
        yield container
