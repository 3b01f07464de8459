"""Connections to PostgreSQL: one engine per process, short transactions, every wait bounded."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine

from system.errors import DependencyError
from system.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.exc import OperationalError

CONNECT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 10
STATEMENT_TIMEOUT_MS = 60_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000

# synchronous_commit is set here and not left to the server: an intent that a crash can undo
# would be sent twice. TCP keepalives end connections to a host that has vanished.
_SERVER_OPTIONS = (
    "-c synchronous_commit=on"
    f" -c statement_timeout={STATEMENT_TIMEOUT_MS}"
    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_MS}"
    " -c timezone=UTC"
)
CONNECT_ARGS = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "options": _SERVER_OPTIONS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def new_engine(database_url: str, *, application: str = "steadypost", pool_size: int = 3) -> Engine:
    """An engine whose connections are checked before use, so that a restarted server is not noticed."""
    return create_engine(
        database_url,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must not carry addresses into the logs
        connect_args={**CONNECT_ARGS, "application_name": application},
    )


@cache
def process_engine() -> Engine:
    """The engine of this process; call `forget_engine` in a child after fork."""
    return new_engine(load_settings().database_url.get_secret_value())


def forget_engine() -> None:
    """Drop the parent's engine without closing its sockets, which the parent still uses."""
    if process_engine.cache_info().currsize:
        process_engine().dispose(close=False)
        process_engine.cache_clear()


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back on any error."""
    with engine.begin() as connection:
        yield connection


def unreachable(database_url: str, exc: OperationalError) -> DependencyError:
    """What a person should read when PostgreSQL does not answer."""
    where = database_url.rsplit("@", maxsplit=1)[-1]
    first_line = str(exc.orig).strip().splitlines()[0]
    return DependencyError(
        f"PostgreSQL at {where} can't be used: {first_line}. "
        "Check that it runs and that STEADYPOST_DATABASE_URL is right."
    )
