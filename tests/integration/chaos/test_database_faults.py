from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from supervised import wait_for

from chaos.injectors.database import Deadlock, NoConnections, TableLocked, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration


@pytest.fixture
def worker(database_url: str) -> Iterator[psycopg.Connection]:
    """Somebody else who uses the same database."""
    url = database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True, application_name="worker") as connection:
        connection.execute("CREATE TABLE things (id int PRIMARY KEY, updated_at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO things SELECT generate_series(1, 10)")
        yield connection


def test_a_locked_table_can_not_even_be_read(database_url: str, worker: psycopg.Connection) -> None:
    locked = TableLocked(database_url=database_url, table="things")
    assert not locked.look()
    locked.inject()
    assert locked.look()
    worker.execute("SET lock_timeout = '50ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        worker.execute("SELECT FROM things")
    locked.heal()
    assert not locked.look()
    locked.heal()
    worker.execute("SELECT FROM things")


def test_nobody_gets_a_connection_until_it_is_healed(database_url: str, worker: psycopg.Connection) -> None:
    taken = NoConnections(database_url=database_url)
    assert not taken.look()
    taken.inject()
    assert taken.look()
    with pytest.raises(psycopg.errors.AdminShutdown):
        worker.execute("SELECT 1")
    taken.heal()
    wait_for(lambda: not taken.look(), "free connections")
    taken.heal()


def test_who_locks_the_other_way_round_meets_a_deadlock(database_url: str, worker: psycopg.Connection) -> None:
    deadlock = Deadlock(database_url=database_url, table="things")
    assert not deadlock.look()
    deadlock.inject()

    def lock_forwards() -> bool:
        try:
            with worker.transaction():
                for id_ in range(1, 11):
                    worker.execute("SELECT pg_sleep(0.01) FROM things WHERE id = %s FOR UPDATE", [id_])
        except psycopg.errors.DeadlockDetected:
            pass
        return deadlock.look()

    wait_for(lock_forwards, "a deadlock", deadline_s=60)
    deadlock.heal()
    assert not deadlock.look()
    deadlock.heal()
    with connect(database_url) as connection:
        connection.execute("SELECT FROM things FOR UPDATE NOWAIT")
