from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import redis

from system.mail import coordination
from system.mail.breaker import Breaker

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration


@pytest.fixture
def connection(redis_url: str) -> Iterator[redis.Redis]:
    with coordination.connect(redis_url, timeout_s=2) as client:
        yield client


@pytest.fixture
def breaker(connection: redis.Redis) -> Breaker:
    return Breaker(connection, account="default", failures_to_open=5)


def test_a_run_of_failures_opens_it_once(breaker: Breaker) -> None:
    assert [breaker.count(accepted=0, failed_since=2) for _ in range(4)] == [False, False, True, False]
    assert breaker.is_open()


def test_an_answer_in_between_ends_the_run(breaker: Breaker) -> None:
    breaker.count(accepted=0, failed_since=4)
    breaker.count(accepted=1, failed_since=0)
    assert not breaker.count(accepted=0, failed_since=4)
    assert not breaker.is_open()


def test_the_failures_after_the_last_answer_begin_a_new_run(breaker: Breaker) -> None:
    breaker.count(accepted=7, failed_since=4)
    assert breaker.count(accepted=0, failed_since=1)


def test_the_failures_of_all_workers_count_together(redis_url: str) -> None:
    def fail(_: int) -> bool:
        with coordination.connect(redis_url, timeout_s=2) as client:
            return Breaker(client, account="default", failures_to_open=10).count(accepted=0, failed_since=1)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(fail, range(20))) == 1


def test_a_late_answer_does_not_close_it(breaker: Breaker) -> None:
    breaker.count(accepted=0, failed_since=5)
    breaker.count(accepted=3, failed_since=0)
    assert breaker.is_open()


def test_closed_it_counts_from_the_beginning(breaker: Breaker) -> None:
    breaker.count(accepted=0, failed_since=9)
    breaker.close()
    assert not breaker.is_open()
    assert not breaker.count(accepted=0, failed_since=4)


def test_one_caller_an_interval_may_probe(breaker: Breaker, connection: redis.Redis) -> None:
    assert [breaker.take_probe(interval_s=60) for _ in range(3)] == [True, False, False]
    connection.delete("breaker:{default}:probe")  # as if the interval had passed
    assert breaker.take_probe(interval_s=60)


def test_a_flushed_redis_forgets_it(breaker: Breaker, connection: redis.Redis) -> None:
    breaker.count(accepted=0, failed_since=5)
    connection.flushdb()
    assert not breaker.is_open()
    assert breaker.count(accepted=0, failed_since=5)


def test_accounts_have_breakers_of_their_own(breaker: Breaker, connection: redis.Redis) -> None:
    breaker.count(accepted=0, failed_since=5)
    assert not Breaker(connection, account="second", failures_to_open=5).is_open()


def test_without_redis_it_says_so() -> None:
    with coordination.connect("redis://127.0.0.1:1/0", timeout_s=1) as nowhere, pytest.raises(redis.RedisError):
        Breaker(nowhere, account="default", failures_to_open=5).is_open()


def test_real_mails_are_risked_at_doubling_pauses_whoever_asks(breaker: Breaker, connection: redis.Redis) -> None:
    pauses_ms = []
    for _ in range(4):
        assert breaker.take_probe_mail(first_s=10, cap_s=40)
        assert not breaker.take_probe_mail(first_s=10, cap_s=40)
        pauses_ms.append(round(connection.pttl("breaker:{default}:mail"), -3))
        connection.delete("breaker:{default}:mail")  # as if the pause had passed
    assert pauses_ms == [10_000, 20_000, 40_000, 40_000]


def test_a_closed_breaker_forgets_the_pauses(breaker: Breaker, connection: redis.Redis) -> None:
    breaker.take_probe_mail(first_s=10, cap_s=40)
    breaker.close()
    assert breaker.take_probe_mail(first_s=10, cap_s=40)
    assert connection.pttl("breaker:{default}:mail") <= 10_000
