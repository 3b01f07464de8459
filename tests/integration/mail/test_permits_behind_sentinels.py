"""The provider's limit holds while the master changes, and while there may be two of them."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import redis
from many_takers import fullest_second, starts_of_many
from sentinels import watched_redis

from stack.readiness import NotReadyError, wait_until_ready
from system.mail import coordination
from system.mail.rate_limit import RateLimit, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentinels import Watched

pytestmark = pytest.mark.integration

LIMIT = 100


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with watched_redis(tmp_path / "redis") as watched:
        yield watched


def test_a_master_that_hangs_and_comes_back_lets_nobody_exceed_the_limit(watched: Watched) -> None:
    changed_at = []

    def check_permits() -> None:
        with coordination.connect(watched.url, timeout_s=2) as connection:
            if RateLimit(connection, account="default", mails_per_s=LIMIT).reserved() < LIMIT:
                raise NotReadyError("hardly any permits")

    def hang() -> None:
        wait_until_ready(check_permits, what="a window's permits", deadline_s=60)
        old = watched.master()
        watched.processes[old].send_signal(signal.SIGSTOP)
        watched.wait_for_another_master(old)
        changed_at.append(time.monotonic())
        watched.processes[old].send_signal(signal.SIGCONT)

    starts = starts_of_many(watched.url, seconds=18, meanwhile=hang)
    assert fullest_second(starts) <= LIMIT
    assert starts[0] < changed_at[0] < starts[-1]


def test_a_master_that_has_lost_its_replicas_grants_no_more(watched: Watched) -> None:
    with coordination.connect(watched.url, timeout_s=2) as connection:
        permits = RateLimit(connection, account="default", mails_per_s=LIMIT)
        while isinstance(permits.reserve(1), Wait):
            time.sleep(0.1)
        for port in {server.port for server in watched.servers} - {watched.master()}:
            watched.processes[port].send_signal(signal.SIGSTOP)

        def check() -> None:
            with suppress(redis.ResponseError):
                permits.reserve(1)
                raise NotReadyError("permits are granted")

        wait_until_ready(check, what="the end of permits", deadline_s=30)
        with pytest.raises(redis.ResponseError, match="NOREPLICAS"):
            permits.reserve(1)
