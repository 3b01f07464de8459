"""The provider's limit holds over all processes together, whatever Redis does meanwhile."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest
import redis
from many_takers import fullest_second, starts_of_many
from redis_of_its_own import own_redis

from system.mail import coordination
from system.mail.rate_limit import HORIZON_S, Permit, RateLimit, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.integration

LIMIT = 100


@pytest.fixture
def permits(redis_url: str) -> Iterator[RateLimit]:
    with coordination.connect(redis_url, timeout_s=2) as connection:
        yield RateLimit(connection, account="default", mails_per_s=LIMIT)


def soon(permits: RateLimit, n: int) -> Sequence[Permit]:
    """Permits as soon as there are any; a fresh server makes everybody wait first."""
    ends_at = time.monotonic() + 10
    while isinstance(granted := permits.reserve(n), Wait):
        assert time.monotonic() < ends_at
        time.sleep(min(granted.seconds, 0.1))
    return granted


def test_many_processes_together_never_exceed_the_limit_and_hardly_waste_it(redis_url: str) -> None:
    starts = starts_of_many(redis_url, seconds=8)
    middle = [start for start in starts if starts[0] + 1 <= start < starts[0] + 4]

    assert fullest_second(starts) <= LIMIT
    assert len(middle) >= 3 * 95


def test_a_flushed_redis_lets_nobody_exceed_the_limit(redis_url: str) -> None:
    def flush() -> None:
        with redis.Redis.from_url(redis_url) as client:
            for _ in range(3):
                time.sleep(2.2)
                client.flushdb()

    starts = starts_of_many(redis_url, seconds=9, meanwhile=flush)

    assert len(starts) >= LIMIT
    assert fullest_second(starts) <= LIMIT


def test_a_redis_that_is_killed_and_comes_back_lets_nobody_exceed_the_limit(tmp_path: Path) -> None:
    with own_redis(tmp_path) as server:

        def kill() -> None:
            for _ in range(2):
                time.sleep(3.0)
                server.kill()
                server.start()

        starts = starts_of_many(server.url, seconds=10, meanwhile=kill)

    assert len(starts) >= LIMIT
    assert fullest_second(starts) <= LIMIT


def test_a_redis_that_was_restarted_unnoticed_grants_nothing_it_may_have_granted_before(tmp_path: Path) -> None:
    with own_redis(tmp_path) as server, coordination.connect(server.url, timeout_s=2) as connection:
        permits = RateLimit(connection, account="default", mails_per_s=LIMIT)
        soon(permits, 1)
        server.forget_the_last_second(lambda: soon(permits, 40))  # between two calls of ours
        restarted_at = time.monotonic()

        assert soon(permits, 1)[0].starts_at >= restarted_at + 1.0


def test_starts_lie_apart_and_within_the_horizon(permits: RateLimit) -> None:
    granted = soon(permits, 10)
    now = time.monotonic()

    gaps = [later.starts_at - earlier.starts_at for earlier, later in itertools.pairwise(granted)]
    assert min(gaps) >= 0.009
    assert granted[0].starts_at <= now + HORIZON_S


def test_nobody_may_reserve_further_ahead_than_the_horizon(permits: RateLimit) -> None:
    soon(permits, 10)
    for _ in range(20):
        last = permits.reserve(10)
    assert isinstance(last, Wait)
    assert last.seconds > 0


def test_a_fresh_redis_grants_nothing_for_a_window(permits: RateLimit) -> None:
    began = time.monotonic()
    first = soon(permits, 1)[0]
    assert first.starts_at - began >= 1.0


def test_a_hold_lets_nothing_out_until_it_ends(permits: RateLimit) -> None:
    soon(permits, 1)
    held_at = time.monotonic()
    permits.hold(1.5)
    assert soon(permits, 1)[0].starts_at >= held_at + 1.5


def test_a_short_hold_does_not_end_a_long_one(permits: RateLimit) -> None:
    permits.hold(60)
    permits.hold(1)
    assert 58 < permits.held_s() <= 60


def test_a_permit_that_was_missed_is_moved_to_the_present(permits: RateLimit) -> None:
    permit = soon(permits, 1)[0]
    time.sleep(max(0.0, permit.starts_at - time.monotonic()) + 0.02)
    now = time.monotonic()
    moved = permits.renew(permit)
    assert moved is not None
    assert now <= moved.starts_at <= time.monotonic()


def test_a_permit_that_was_missed_by_far_is_gone(permits: RateLimit) -> None:
    assert permits.renew(Permit(number=1, starts_at=time.monotonic() - HORIZON_S)) is None


def test_without_redis_nothing_is_granted() -> None:
    with coordination.connect("redis://127.0.0.1:1/0", timeout_s=1) as connection:
        permits = RateLimit(connection, account="default", mails_per_s=LIMIT)
        with pytest.raises(redis.RedisError):
            permits.reserve(1)


def test_a_frozen_redis_is_given_up_in_time(tmp_path: Path) -> None:
    with own_redis(tmp_path) as server, coordination.connect(server.url, timeout_s=0.5) as connection:
        permits = RateLimit(connection, account="default", mails_per_s=LIMIT)
        soon(permits, 1)
        with server.frozen(), pytest.raises(redis.TimeoutError):
            permits.reserve(1)


def test_accounts_have_limits_of_their_own(redis_url: str) -> None:
    with coordination.connect(redis_url, timeout_s=2) as connection:
        first, second = (RateLimit(connection, account=name, mails_per_s=LIMIT) for name in ("first", "second"))
        first.hold(60)
        assert second.held_s() == 0
        assert soon(second, 1)


def test_a_limit_that_is_lifted_asks_nobody() -> None:
    with coordination.connect("redis://127.0.0.1:1/0", timeout_s=1) as connection:
        granted = RateLimit(connection, account="default", mails_per_s=None).reserve(1_000)
    assert not isinstance(granted, Wait)
    assert len(granted) == 1_000


def test_a_small_limit_is_kept_too(redis_url: str) -> None:
    with coordination.connect(redis_url, timeout_s=2) as connection:
        permits = RateLimit(connection, account="default", mails_per_s=2)
        starts = [soon(permits, 1)[0].starts_at for _ in range(5)]
    assert all(later - earlier >= 1.0 for earlier, later in zip(starts, starts[2:], strict=False))


def test_the_clock_of_another_server_is_learned_anew(permits: RateLimit) -> None:
    soon(permits, 1)
    permits._server = b"another one"
    permits._offsets.extend([-1e12] * 64)  # its clock was far ahead
    before = time.monotonic()
    (permit,) = soon(permits, 1)
    assert permit.starts_at >= before - 0.1


def test_a_slow_first_answer_makes_no_start_late(permits: RateLimit, monkeypatch: pytest.MonkeyPatch) -> None:
    last = soon(permits, 1)[0]
    time.sleep(max(0.0, last.starts_at - time.monotonic()))  # whoever asks now is granted a permit at once
    newcomer = RateLimit(permits._redis, account="default", mails_per_s=LIMIT)
    ask, delays_s = newcomer._script, iter([0.05])

    def answer_slowly(**how: object) -> object:
        answer = ask(**how)
        time.sleep(next(delays_s, 0.0))
        return answer

    monkeypatch.setattr(newcomer, "_script", answer_slowly)
    first = soon(newcomer, 1)[0]
    second = soon(newcomer, 1)[0]
    logged = dict(permits._redis.zrange(newcomer._starts, 0, -1, withscores=True))
    apart_s = (logged[str(second.number).encode()] - logged[str(first.number).encode()]) / 1e6
    assert second.starts_at - first.starts_at == pytest.approx(apart_s, abs=0.01)
