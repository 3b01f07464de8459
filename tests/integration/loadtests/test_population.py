from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from loadtests.people import AddressShares
from loadtests.population import Population, Written, write_population
from system.errors import InputError
from system.storage.database import new_engine, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

pytestmark = pytest.mark.integration

UNTIL = datetime(2026, 11, 21, tzinfo=UTC)
SMALL = Population(users=300, products=40, seed=5, until=UNTIL)

FINGERPRINT = text("""
    SELECT md5(string_agg(o.user_id || ':' || o.product_id || ':' || o.created_at, ',' ORDER BY o.id)),
           (SELECT md5(string_agg(u.id || coalesce(u.email, '') || u.name || u.active, ',' ORDER BY u.id)) FROM users u)
    FROM orders o
""")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = new_engine(database_url)
    yield engine
    engine.dispose()


def _ask(engine: Engine, question: str) -> list[tuple]:
    with transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def test_what_was_written_is_what_is_reported(engine: Engine) -> None:
    heard: list[int] = []
    written = write_population(engine, SMALL, on_users=heard.append)
    counts = _ask(
        engine,
        "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM products), (SELECT count(*) FROM orders)",
    )
    assert [Written(*row) for row in counts] == [written]
    assert (written.users, written.products, heard) == (300, 40, [300])


def test_orders_lie_in_the_past_and_carry_their_times(engine: Engine) -> None:
    write_population(engine, SMALL)
    [(oldest, newest)] = _ask(engine, "SELECT min(created_at), max(created_at) FROM orders")
    assert datetime(2024, 11, 20, tzinfo=UTC) < oldest < datetime(2024, 12, 20, tzinfo=UTC)
    assert datetime(2026, 11, 1, tzinfo=UTC) < newest < UNTIL


def test_the_same_seed_writes_the_same_rows(engine: Engine) -> None:
    write_population(engine, SMALL)
    with transaction(engine) as connection:
        first = connection.execute(FINGERPRINT).one()
        connection.execute(text("TRUNCATE users, products RESTART IDENTITY CASCADE"))
    write_population(engine, SMALL)
    with transaction(engine) as connection:
        assert connection.execute(FINGERPRINT).one() == first


def test_the_newsletter_is_there_once(engine: Engine) -> None:
    write_population(engine, SMALL)
    write_population(engine, SMALL, append=True)
    assert _ask(engine, "SELECT name FROM newsletters") == [("weekly-recos",)]


def test_a_database_with_users_is_left_alone(engine: Engine) -> None:
    write_population(engine, SMALL)
    with pytest.raises(InputError, match=r"users=300 are in the database already\. Add more with --append"):
        write_population(engine, SMALL)
    assert _ask(engine, "SELECT count(*) FROM users") == [(300,)]


def test_appending_adds_new_ids_and_the_next_insert_follows_them(engine: Engine) -> None:
    write_population(engine, SMALL)
    write_population(engine, SMALL, append=True)
    assert _ask(engine, "SELECT count(*), count(DISTINCT email) > 590 FROM users") == [(600, True)]
    [(newest,)] = _ask(engine, "SELECT max(id) FROM users")
    assert _ask(engine, "INSERT INTO users DEFAULT VALUES RETURNING id") == [(newest + 1,)]


def test_a_failure_half_way_leaves_nothing(engine: Engine) -> None:
    def stop(_count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_population(engine, SMALL, on_users=stop)
    assert _ask(engine, "SELECT count(*) FROM users") == [(0,)]
    assert len(_foreign_keys(engine)) == 2


def test_the_foreign_keys_of_orders_are_back_and_valid(engine: Engine) -> None:
    before = _foreign_keys(engine)
    write_population(engine, SMALL)
    assert _foreign_keys(engine) == before
    assert all(valid for _, _, valid in before)


def test_users_who_can_t_be_mailed_keep_the_schema_s_rules(engine: Engine) -> None:
    shares = AddressShares(missing=0.2, invalid=0.2, inactive=0.2, suppressed=0.2)
    write_population(engine, Population(users=500, products=10, seed=3, until=UNTIL, shares=shares))
    [(missing, inactive, suppressed)] = _ask(
        engine,
        "SELECT count(*) FILTER (WHERE email IS NULL), count(*) FILTER (WHERE NOT active),"
        " count(*) FILTER (WHERE suppressed_reason = 'unsubscribed') FROM users",
    )
    assert min(missing, inactive, suppressed) > 70


def _foreign_keys(engine: Engine) -> list[tuple]:
    return _ask(
        engine,
        "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
        " WHERE conrelid = 'orders'::regclass AND contype = 'f' ORDER BY conname",
    )
