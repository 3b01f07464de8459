"""What a process that was taken over could do in Redis: what its role needs, and nothing to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from encrypted_redis import encrypted_redis
from redis.exceptions import AuthenticationError, NoPermissionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from encrypted_redis import EncryptedRedis

pytestmark = pytest.mark.integration
COMMANDS = {
    "empty everything": ("FLUSHALL",),
    "turn itself off": ("SHUTDOWN", "NOSAVE"),
    "change its settings": ("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"),
    "become a copy of another": ("REPLICAOF", "attacker.example", "6379"),
    "read the users": ("ACL", "LIST"),
    "watch the others": ("MONITOR",),
    "list every key": ("KEYS", "*"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EncryptedRedis]:
    with encrypted_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def client(server: EncryptedRedis, role: str) -> redis.Redis:
    return redis.Redis.from_url(server.url(role), socket_timeout=10)


def may(connection: redis.Redis, command: tuple[str, ...]) -> bool:
    try:
        connection.execute_command(*command)
    except NoPermissionError:
        return False
    return True


@pytest.mark.parametrize("role", ["worker", "beat", "web", "flower"])
def test_no_role_rules_the_server(server: EncryptedRedis, role: str) -> None:
    with client(server, role) as connection:
        assert [what for what, command in COMMANDS.items() if may(connection, command)] == []


@pytest.mark.parametrize(
    ("role", "own", "others"),
    [("web", "tracking", "emails"), ("web", "tracking", "permits:{default}"), ("beat", "orchestrator", "emails")],
)
def test_a_role_writes_to_its_own_keys_alone(server: EncryptedRedis, role: str, own: str, others: str) -> None:
    with client(server, role) as connection:
        assert connection.lpush(own, "x") >= 1
        assert connection.lpop(own) is not None
        with pytest.raises(NoPermissionError):
            connection.lpush(others, "x")


def test_nobody_gets_in_without_a_name_and_a_password(server: EncryptedRedis) -> None:
    _, _, after_login = server.url("worker").partition("@")
    stranger = redis.Redis.from_url(f"rediss://{after_login}", socket_timeout=10)
    with stranger, pytest.raises(AuthenticationError):
        stranger.ping()
