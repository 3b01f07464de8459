"""PostgreSQL's own troubles: a table that is locked, no connection left, transactions that wait for each other."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import psycopg
from psycopg import sql

CONNECT_S: Final = 5
RECOVERY_S: Final = 15.0
RECOVERING: Final = ("starting up", "not yet accepting connections", "in recovery mode", "shutting down")
OURS: Final = "steadypost-chaos"
MOST_CONNECTIONS: Final = 1_000
NO_SLOTS: Final = ("too many clients", "connection slots are reserved")
ROWS: Final = 50
PAUSE_S: Final = 0.01


def connect(database_url: str) -> psycopg.Connection:
    """A connection in autocommit mode, known to the server under a name of its own; one that recovers is waited for."""
    url = database_url.replace("postgresql+psycopg://", "postgresql://")
    until = time.monotonic() + RECOVERY_S
    while True:
        try:
            return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_S, application_name=OURS)
        except psycopg.OperationalError as exc:
            # Another fault of the same cycle may have killed the server just now.
            if not any(words in str(exc) for words in RECOVERING) or time.monotonic() > until:
                raise
        time.sleep(PAUSE_S)


@dataclass(kw_only=True)
class TableLocked:
    """F20: somebody holds a table exclusively, as a careless migration does."""

    database_url: str
    table: str = "email_jobs"
    fault: str = "F20"
    evidence: ClassVar[str] = "a lock on the table denied to the harness itself"
    _holder: psycopg.Connection | None = None

    @property
    def name(self) -> str:
        """Such as `postgres:lock-email_jobs`."""
        return f"postgres:lock-{self.table}"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "database", "what": f"LOCK TABLE {self.table} IN ACCESS EXCLUSIVE MODE"}

    def inject(self) -> None:
        """Take the lock, after whoever holds it now."""
        self.heal()
        self._holder = connect(self.database_url)
        self._holder.autocommit = False
        self._holder.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(self.table)))

    def look(self) -> bool:
        """Whether even reading is denied."""
        ask = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE NOWAIT").format(sql.Identifier(self.table))
        with connect(self.database_url) as asking, asking.transaction(force_rollback=True):
            try:
                asking.execute(ask)
            except psycopg.errors.LockNotAvailable:
                return True
        return False

    def heal(self) -> None:
        """Let go."""
        if self._holder is not None:
            self._holder.close()
            self._holder = None


@dataclass(kw_only=True)
class NoConnections:
    """F20: others lose their sessions and find all of `max_connections` taken when they want new ones."""

    database_url: str
    fault: str = "F20"
    name: ClassVar[str] = "postgres:no-connections"
    evidence: ClassVar[str] = "a connection of the harness's own refused because there are too many"
    _taken: list[psycopg.Connection] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "database", "what": "ends all sessions and takes every connection"}

    def inject(self) -> None:
        """Take what is free, then what the others had."""
        self._take_all()
        self._taken[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND application_name <> %s",
            [OURS],
        )
        self._take_all()

    def look(self) -> bool:
        """Whether one more is refused for that reason."""
        return not self._take_one(keep=False)

    def heal(self) -> None:
        """Close them all."""
        while self._taken:
            self._taken.pop().close()

    def _take_all(self) -> None:
        while len(self._taken) < MOST_CONNECTIONS and self._take_one(keep=True):
            pass

    def _take_one(self, *, keep: bool) -> bool:
        try:
            connection = connect(self.database_url)
        except psycopg.OperationalError as exc:
            if not any(words in str(exc) for words in NO_SLOTS):
                raise
            return False
        if keep:
            self._taken.append(connection)
        else:
            connection.close()
        return True


@dataclass(kw_only=True)
class Deadlock:
    """F20: another client locks the jobs that are worked on backwards, until the server must end one of the two."""

    database_url: str
    table: str = "email_jobs"
    fault: str = "F20"
    name: ClassVar[str] = "postgres:deadlock"
    evidence: ClassVar[str] = "deadlocks that the server has counted since"
    _before: int | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "database", "what": f"locks rows of {self.table} one by one, newest first, again and again"}

    def inject(self) -> None:
        """Begin to lock, in a thread."""
        self.heal()
        with connect(self.database_url) as asking:
            self._before = _deadlocks(asking)
        self._stop.clear()
        self._thread = threading.Thread(target=self._lock_backwards, name="deadlock", daemon=True)
        self._thread.start()

    def look(self) -> bool:
        """Whether the server has counted one."""
        if self._before is None:
            return False
        with connect(self.database_url) as asking:
            return _deadlocks(asking) > self._before

    def heal(self) -> None:
        """Lock no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._thread, self._before = None, None

    def _lock_backwards(self) -> None:
        table = sql.Identifier(self.table)
        newest = sql.SQL("SELECT id FROM {} ORDER BY updated_at DESC, id DESC LIMIT %s").format(table)
        lock = sql.SQL("SELECT FROM {} WHERE id = %s FOR UPDATE").format(table)
        while not self._stop.wait(PAUSE_S):
            with suppress(psycopg.Error), connect(self.database_url) as locking:
                ids = sorted((row[0] for row in locking.execute(newest, [ROWS])), reverse=True)
                with locking.transaction():
                    for id_ in ids:
                        locking.execute(lock, [id_])
                        if self._stop.wait(PAUSE_S):
                            return


def _deadlocks(connection: psycopg.Connection) -> int:
    counted = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert counted is not None
    return int(counted[0])
