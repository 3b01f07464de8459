"""What becomes of a consumer's window when Redis hangs at the moment of an acknowledgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kombu.transport
import pytest
import redis
import structlog
from kombu import Connection, Consumer, Producer, Queue

from system.tasks.broker import survive_poison

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.integration

TIMEOUT_S = 0.5
PAUSE_MS = 2_000


@pytest.fixture
def connection(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    # What another test has connected by before would be taken again.
    monkeypatch.setattr(kombu.transport, "_transport_cache", {})
    survive_poison()
    options = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S, "retry_on_timeout": False}
    with Connection(redis_url, transport_options=options) as connection:
        yield connection


def hang(redis_url: str) -> None:
    """Nobody gets an answer for a while, as from a Redis that was stopped; it ends by itself, since nobody is heard."""
    with redis.Redis.from_url(redis_url) as client:
        client.client_pause(PAUSE_MS, all=True)


@pytest.mark.parametrize(
    "end",
    [
        lambda message, errors: message.ack_log_error(structlog.get_logger(), errors),
        lambda message, errors: message.reject_log_error(structlog.get_logger(), errors),
    ],
    ids=["ack", "reject"],
)
def test_a_message_whose_end_redis_did_not_hear_of_leaves_its_place_to_the_next(
    connection: Connection, redis_url: str, end: Callable[..., Any]
) -> None:
    queue, taken = Queue("tracking"), list[Any]()
    with Producer(connection) as producer:
        for number in (1, 2):
            producer.publish({"number": number}, routing_key=queue.name)
    with Consumer(connection, queue, callbacks=[lambda _, message: taken.append(message)], prefetch_count=1):
        connection.drain_events(timeout=5)
        hang(redis_url)
        end(taken[0], connection.connection_errors)
        while len(taken) < 2:
            connection.drain_events(timeout=5)
    assert [message.payload for message in taken] == [{"number": 1}, {"number": 2}]
