"""The web's way to PostgreSQL: single statements that are answered, or given up, within seconds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from system.errors import DependencyError
from system.storage.database import CONNECT_ARGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

DEADLINE_S = 3.0
"""The longest that a request waits for the database, everything included."""

POOL_SIZE = 4
POOL_TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 2
STATEMENT_TIMEOUT_MS = 2_000

T = TypeVar("T")
log = structlog.get_logger()


class WebDatabase:
    """Runs one statement per request, each committed when `run` returns."""

    def __init__(self, database_url: str) -> None:
        self._engine = _new_engine(database_url)
        self._tasks: set[asyncio.Task[Any]] = set()  # the event loop alone would let them be collected

    async def run(self, statement: Callable[[Connection], T]) -> T:
        """The statement's result after its commit; DependencyError when that can't be had within `DEADLINE_S`."""
        task = asyncio.create_task(self._execute(statement))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=DEADLINE_S)
        if not done:
            # Waiting for the cancellation would be waiting for the frozen server once more: the driver
            # asks it to stop and closes the connection in the background.
            task.cancel()
            task.add_done_callback(_note_late_error)
            raise DependencyError(f"PostgreSQL gave no answer within {DEADLINE_S:g} s")
        try:
            return task.result()
        except PoolTimeoutError as exc:
            raise DependencyError(f"PostgreSQL is too slow: all {POOL_SIZE} connections are busy") from exc
        except (SQLAlchemyError, OSError) as exc:
            raise DependencyError(f"PostgreSQL can't be used: {_first_line(exc)}") from exc

    async def close(self) -> None:
        """Close the pool's connections."""
        await self._engine.dispose()

    async def _execute(self, statement: Callable[[Connection], T]) -> T:
        async with self._engine.connect() as connection:
            return await connection.run_sync(statement)


def _new_engine(database_url: str) -> AsyncEngine:
    # AUTOCOMMIT: one statement is one transaction in one round trip.
    return create_async_engine(
        database_url,
        isolation_level="AUTOCOMMIT",
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            **CONNECT_ARGS,
            "application_name": "steadypost-web",
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": f"{CONNECT_ARGS['options']} -c statement_timeout={STATEMENT_TIMEOUT_MS}",
        },
    )


def _note_late_error(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.info("database.statement_abandoned", error=_first_line(error))


def _first_line(exc: BaseException) -> str:
    text = str(getattr(exc, "orig", None) or exc).strip()
    return text.splitlines()[0] if text else type(exc).__name__
