"""Rows into PostgreSQL by COPY: whole NumPy columns in the binary format, anything else row by row."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np
import psycopg
from psycopg import sql
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from sqlalchemy import Connection

# https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_EPOCH: Final = np.datetime64("2000-01-01T00:00:00", "us")


def copy_rows(connection: Connection, *, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Append rows of any types."""
    with _cursor(connection) as cursor, cursor.copy(_statement(table, columns, binary=False)) as copy:
        for row in rows:
            copy.write_row(row)


def copy_columns(connection: Connection, *, table: str, columns: dict[str, NDArray[np.int64]]) -> None:
    """Append rows of 64-bit integers, or of times made by `binary_times`, without touching each in Python."""
    values = list(columns.values())
    line = np.dtype([("count", ">i2"), *((f"{at}{part}", kind) for at in range(len(values)) for part, kind in _FIELD)])
    lines = np.empty(len(values[0]), dtype=line)
    lines["count"] = len(values)
    for at, column in enumerate(values):
        lines[f"{at}bytes"], lines[f"{at}value"] = 8, column
    with _cursor(connection) as cursor, cursor.copy(_statement(table, list(columns), binary=True)) as copy:
        copy.write(_HEADER + lines.tobytes() + _TRAILER)


_FIELD: Final = (("bytes", ">i4"), ("value", ">i8"))


@contextmanager
def foreign_keys_checked_at_the_end(connection: Connection, *, table: str) -> Iterator[None]:
    """Check a table's foreign keys once for all new rows, which is many times faster than row by row."""
    keys = connection.execute(_FOREIGN_KEYS, {"table": table}).all()
    for name, _ in keys:
        connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'))
    yield
    for name, definition in keys:
        connection.execute(text(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}'))


_FOREIGN_KEYS = text("""
    SELECT conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE conrelid = CAST(:table AS regclass) AND contype = 'f'
""")


def binary_times(until: datetime, *, age_s: NDArray[np.int64]) -> NDArray[np.int64]:
    """Moments `age_s` seconds before `until` (with a time zone), as PostgreSQL keeps them."""
    newest = np.datetime64(int(until.timestamp() * 1e6), "us")
    microseconds: NDArray[np.int64] = (newest - _EPOCH).astype(np.int64) - age_s * 1_000_000
    return microseconds


def _cursor(connection: Connection) -> psycopg.Cursor[tuple[object, ...]]:
    driver_connection = connection.connection.driver_connection
    assert isinstance(driver_connection, psycopg.Connection)
    return driver_connection.cursor()


def _statement(table: str, columns: Sequence[str], *, binary: bool) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    layout = sql.SQL("(FORMAT BINARY)" if binary else "(FORMAT TEXT)")
    return sql.SQL("COPY {} ({}) FROM STDIN {}").format(sql.Identifier(table), names, layout)
