"""Fills a database with people, products and purchases: the same for the same seed, in flat memory."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, fields
from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import text

from loadtests.bulk_copy import binary_times, copy_columns, copy_rows, foreign_keys_checked_at_the_end
from loadtests.people import AddressShares, Person, invent_people
from loadtests.products import InventedProduct, invent_products
from loadtests.purchases import Assortment, Habits, invent_purchases
from system.errors import InputError
from system.storage.database import transaction
from system.storage.newsletters import ensure_weekly_newsletter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Engine

CHUNK_USERS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What to invent; `until` is the end of the record, so that the same plan gives the same rows on any day."""

    users: int
    products: int
    seed: int
    until: datetime
    shares: AddressShares = field(default_factory=AddressShares)
    habits: Habits = field(default_factory=Habits)


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows are in the database that were not before."""

    users: int
    products: int
    orders: int


def write_population(
    engine: Engine,
    population: Population,
    *,
    append: bool = False,
    on_users: Callable[[int], None] = lambda _count: None,
) -> Written:
    """Write all of it or nothing; `on_users` hears how many users are written so far.

    Raises InputError when there are users already and `append` is not set.
    """
    with transaction(engine) as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("LOCK TABLE users, products, orders IN ACCESS EXCLUSIVE MODE"))
        if not append:
            _refuse_if_not_empty(connection)
        with foreign_keys_checked_at_the_end(connection, table="orders"):
            written = _write(connection, population, on_users=on_users)
        ensure_weekly_newsletter(connection)
    _vacuum(engine)
    return written


def _vacuum(engine: Engine) -> None:
    """Without it the first histories are read from the table and not from the index alone."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM (ANALYZE) users, products, orders"))
        connection.execute(text("RESET statement_timeout"))


def _write(connection: Connection, population: Population, *, on_users: Callable[[int], None]) -> Written:
    rng = np.random.default_rng(population.seed)
    assortment = Assortment.plan(rng, products=population.products, habits=population.habits)
    first_product, first_user = _next_id(connection, "products"), _next_id(connection, "users")
    _copy_products(connection, invent_products(rng, first_id=first_product, assortment=assortment))
    orders = 0
    for first, count in _chunks(population.users):
        people = invent_people(rng, first_id=first_user + first, count=count, shares=population.shares)
        _copy_people(connection, people, until=population.until)
        purchases = invent_purchases(rng, users=count, assortment=assortment)
        copy_columns(
            connection,
            table="orders",
            columns={
                "user_id": purchases.user + first_user + first,
                "product_id": purchases.product + first_product,
                "created_at": binary_times(population.until, age_s=purchases.age_s),
            },
        )
        orders += len(purchases.user)
        on_users(first + count)
    for table in ("users", "products"):
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"))  # noqa: S608  # names of ours
    return Written(population.users, population.products, orders)


def _copy_products(connection: Connection, products: Iterator[InventedProduct]) -> None:
    columns = [column.name for column in fields(InventedProduct)]
    copy_rows(connection, table="products", columns=columns, rows=map(astuple, products))


def _copy_people(connection: Connection, people: list[Person], *, until: datetime) -> None:
    columns = ["id", "email", "name", "locale", "active", "suppressed_reason", "suppressed_at"]
    gone, here = ("unsubscribed", until), (None, None)
    rows = ((p.id, p.email, p.name, p.locale, p.active, *(gone if p.suppressed else here)) for p in people)
    copy_rows(connection, table="users", columns=columns, rows=rows)


def _chunks(users: int) -> Iterator[tuple[int, int]]:
    for first in range(0, users, CHUNK_USERS):
        yield first, min(CHUNK_USERS, users - first)


def _refuse_if_not_empty(connection: Connection) -> None:
    users: int = connection.execute(text("SELECT count(*) FROM users")).scalar_one()
    if users:
        raise InputError(
            field="users",
            value=users,
            problem="are in the database already",
            remedy="Add more with --append, or use an empty database.",
        )


def _next_id(connection: Connection, table: str) -> int:
    statement = f"SELECT greatest(nextval(pg_get_serial_sequence('{table}', 'id')), max(id) + 1) FROM {table}"  # noqa: S608  # names of ours
    next_id: int = connection.execute(text(statement)).scalar_one()
    return next_id
