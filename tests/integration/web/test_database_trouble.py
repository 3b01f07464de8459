"""What the provider hears while the database is away, frozen or restarted: 503 soon, and 204 never too early."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, Engine, text

from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web_process import Provider, StartWeb, Web

pytestmark = pytest.mark.integration

BODY = b'[{"event":"open","sg_event_id":"a"}]\r\n'
SOON_S = 8.0
"""Far above the 3 s that an answer may take, far below the minutes of a wait without a limit."""


def stored(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM webhook_inbox")).scalar_one())


def backends(connection: Connection) -> list[int]:
    statement = text("SELECT pid FROM pg_stat_activity WHERE application_name = 'steadypost-web'")
    return list(connection.execute(statement).scalars())


def wait_for_204(web: Web, provider: Provider) -> None:
    def check() -> None:
        answer = web.post(BODY, provider.sign(BODY))
        if answer.status != 204:
            raise NotReadyError(str(answer))

    wait_until_ready(check, what="the webhook", deadline_s=30)


@contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_database_that_is_down_is_answered_with_503(
    start_web: StartWeb, closed_port: int, provider: Provider
) -> None:
    with start_web(database_url=f"postgresql+psycopg://u:p@127.0.0.1:{closed_port}/x") as web:
        with web.counting(unavailable=1):
            answer = web.post(BODY, provider.sign(BODY))

        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert "u:p@" not in web.log.read_text()


def test_a_forged_post_is_refused_without_the_database(start_web: StartWeb, closed_port: int) -> None:
    with start_web(database_url=f"postgresql+psycopg://u:p@127.0.0.1:{closed_port}/x") as web:
        assert web.post(BODY, {}).status == 401


def test_a_frozen_database_is_answered_with_503_soon_and_used_again_when_it_wakes(
    web: Web, provider: Provider, engine: Engine
) -> None:
    wait_for_204(web, provider)
    with engine.connect() as connection:
        pids = backends(connection)
        assert pids
        with frozen(pids):
            began = time.monotonic()
            answer = web.post(BODY, provider.sign(BODY, at_s=time.time() - 1))

            assert answer.status == 503
            assert time.monotonic() - began < SOON_S
    wait_for_204(web, provider)


def test_a_post_waits_for_its_commit_and_gives_up_in_time(web: Web, provider: Provider, engine: Engine) -> None:
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as blocker:
        blocker.execute(text("LOCK TABLE webhook_inbox IN ACCESS EXCLUSIVE MODE"))

        assert web.post(BODY, provider.sign(BODY)).status == 503
        assert stored(blocker) == 0
    wait_for_204(web, provider)


def test_a_post_that_gets_its_commit_late_is_stored(web: Web, provider: Provider, engine: Engine) -> None:
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as blocker:
        blocker.execute(text("LOCK TABLE webhook_inbox IN ACCESS EXCLUSIVE MODE"))
        answers: list[int] = []
        thread = threading.Thread(target=lambda: answers.append(web.post(BODY, provider.sign(BODY)).status))
        thread.start()
        wait_until_ready(lambda: _someone_waits(engine), what="the blocked insert", deadline_s=10)
        assert answers == []
    thread.join(timeout=10)

    assert answers == [204]
    with engine.connect() as connection:
        assert stored(connection) == 1


def test_posts_that_meet_a_slow_commit_share_the_next_and_replays_among_them_stay_one(
    web: Web, provider: Provider, engine: Engine
) -> None:
    now_s = time.time()
    headers = [provider.sign(BODY, at_s=now_s - age_s) for age_s in (0, 1, 2, 3, 3, 3)]
    with ThreadPoolExecutor(len(headers)) as pool:
        with engine.execution_options(isolation_level="READ COMMITTED").begin() as blocker:
            blocker.execute(text("LOCK TABLE webhook_inbox IN ACCESS EXCLUSIVE MODE"))
            answers = [pool.submit(web.post, BODY, each) for each in headers]
            wait_until_ready(lambda: _someone_waits(engine), what="the blocked insert", deadline_s=10)
        assert [answer.result().status for answer in answers] == [204] * 6

    with engine.connect() as connection:
        assert stored(connection) == 4


def test_every_post_that_meets_a_frozen_database_is_answered_soon(web: Web, provider: Provider, engine: Engine) -> None:
    wait_for_204(web, provider)
    headers = [provider.sign(BODY, at_s=time.time() - age_s) for age_s in range(1, 9)]
    with engine.connect() as connection:
        pids = backends(connection)
    with ThreadPoolExecutor(len(headers)) as pool, frozen(pids):
        began = time.monotonic()
        answers = list(pool.map(lambda each: web.post(BODY, each).status, headers))

        assert answers == [503] * 8
        assert time.monotonic() - began < SOON_S
    wait_for_204(web, provider)


def test_connections_that_the_database_has_ended_cost_no_post(web: Web, provider: Provider, engine: Engine) -> None:
    wait_for_204(web, provider)
    with engine.connect() as connection:
        for pid in backends(connection):
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    assert web.post(BODY, provider.sign(BODY, at_s=time.time() - 1)).status == 204


def _someone_waits(engine: Engine) -> None:
    with engine.connect() as connection:
        waiting = connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one()
    if not waiting:
        raise NotReadyError("nobody waits for the lock")
