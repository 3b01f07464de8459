from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from chaos.injectors.broker import Flushed, OutOfMemory, Poisoned, poison

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


def test_a_flushed_redis_has_forgotten_everything(redis_url: str, client: redis.Redis) -> None:
    client.lpush("emails", "a task")
    flush = Flushed(redis_url=redis_url)
    assert not flush.look()
    flush.inject()
    assert flush.look()
    assert client.dbsize() == 0
    flush.heal()
    flush.heal()
    assert not flush.look()


def test_a_redis_without_memory_refuses_to_write(redis_url: str, client: redis.Redis) -> None:
    full = OutOfMemory(redis_url=redis_url)
    usual = client.config_get("maxmemory*")
    assert not full.look()
    full.inject()
    full.inject()
    assert full.look()
    with pytest.raises(redis.OutOfMemoryError):
        client.lpush("emails", "a task")
    full.heal()
    assert not full.look()
    assert client.config_get("maxmemory*") == usual
    full.heal()
    client.lpush("emails", "a task")


def test_a_redis_that_evicts_throws_queues_away(redis_url: str, client: redis.Redis) -> None:
    client.lpush("emails", *["a task"] * 1000)
    usual = client.config_get("maxmemory-policy")
    full = OutOfMemory(redis_url=redis_url, policy="allkeys-lru")
    full.inject()
    assert full.look()
    assert client.llen("emails") == 0
    full.heal()
    assert client.config_get("maxmemory-policy") == usual
    assert not full.look()


def test_poison_counts_when_all_of_it_was_swallowed(redis_url: str, client: redis.Redis) -> None:
    client.lpush("emails", "a task")
    poisoned = Poisoned(redis_url=redis_url, queues=["emails", "ml"])
    assert not poisoned.look()
    poisoned.inject()
    assert client.llen("emails") == 1 + len(poison("a.b"))
    assert not poisoned.look()
    client.delete("ml")
    client.rpop("emails", len(poison("a.b")))
    assert poisoned.look()
    assert client.lrange("emails", 0, -1) == [b"a task"]
    poisoned.heal()
    assert not poisoned.look()


def test_poison_that_nobody_took_is_taken_out(redis_url: str, client: redis.Redis) -> None:
    client.lpush("emails", "a task")
    poisoned = Poisoned(redis_url=redis_url, queues=["emails"])
    poisoned.inject()
    poisoned.heal()
    poisoned.heal()
    assert client.lrange("emails", 0, -1) == [b"a task"]
