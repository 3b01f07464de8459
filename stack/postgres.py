"""A PostgreSQL of our own: how to lay its data folder, start it and ask whether it answers."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from stack.account import Account, can_enter, reachable_folder, run_as, server_account
from stack.binaries import find_postgres
from stack.errors import StackError
from stack.readiness import NotReadyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER: Final = "steadypost"
SETTINGS: Final = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "200",
    "shared_buffers": "'128MB'",
    "max_wal_size": "'2GB'",
    "fsync": "on",  # a killed server must keep what it confirmed: the send intents rest on it
    "synchronous_commit": "on",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One server on one data folder and port."""

    binaries: Path
    data: Path
    port: int
    password: str
    account: Account | None
    """Who runs it; None is ourselves."""

    @property
    def command(self) -> list[str]:
        """To be run as `account`; SIGINT is its fast shutdown."""
        return [str(self.binaries / "postgres"), "-D", str(self.data), "-p", str(self.port)]

    def url(self, database: str) -> str:
        """SQLAlchemy's URL, the form of `STEADYPOST_DATABASE_URL`."""
        return postgres_url(port=self.port, password=self.password, database=database)

    def check(self) -> None:
        """Raise NotReadyError unless a query is answered."""
        try:
            with self.connect():
                pass
        except psycopg.OperationalError as exc:
            raise NotReadyError(str(exc).strip().splitlines()[-1]) from None

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection]:
        """A superuser's connection in autocommit mode, for making and dropping databases."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=OWNER,
            password=self.password,
            dbname="postgres",
            connect_timeout=3,
            autocommit=True,
        ) as connection:
            yield connection

    def create_database(self, name: str, *, template: str = "template1") -> None:
        """Make the database, unless it is there."""
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def drop_database(self, name: str) -> None:
        """Remove the database, and cut off whoever still uses it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def postgres_url(*, port: int, password: str, database: str) -> str:
    """How a client names a database that it reaches through this port."""
    return f"postgresql+psycopg://{OWNER}:{password}@127.0.0.1:{port}/{database}"


def prepare_postgres(*, folder: Path, port: int, password: str) -> Postgres:
    """Find a server and lay its data folder at `folder`, or under /var/tmp where its account can't reach that.

    Idempotent: an existing data folder is kept, with the password that it was made with.
    """
    account = server_account()
    data = reachable_folder(folder, account)
    binaries = _reachable_binaries(find_postgres(), account, beside=data)
    server = Postgres(binaries=binaries, data=data, port=port, password=password, account=account)
    if not (data / "PG_VERSION").exists():
        _lay_data(server)
    return server


def _reachable_binaries(binaries: Path, account: Account | None, *, beside: Path) -> Path:
    if can_enter(account, binaries / "postgres"):
        return binaries
    # The package keeps its shared libraries in a sibling folder, which the programs find by a relative path.
    release, package = binaries.parents[0], binaries.parents[1]
    copy = beside.parent / "postgres-programs"
    if not copy.exists():
        shutil.copytree(release, copy / package.name / release.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
    return copy / package.name / release.name / binaries.name


def _lay_data(server: Postgres) -> None:
    password_file = server.data.with_name(f"{server.data.name}.password")
    password_file.touch(mode=0o600)
    password_file.write_text(server.password)
    if server.account:
        os.chown(password_file, server.account.uid, server.account.gid)
    try:
        done = run_as(server.account, _initdb_command(server, password_file))
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise StackError(f"initdb failed in {server.data}:\n{done.stderr.strip() or done.stdout.strip()}")
    with (server.data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = {value}\n" for name, value in SETTINGS.items())


def _initdb_command(server: Postgres, password_file: Path) -> list[str]:
    return [
        *(str(server.binaries / "initdb"), "-D", str(server.data), "--username", OWNER),
        *("--auth", "scram-sha-256", "--pwfile", str(password_file)),
        *("--encoding", "UTF8", "--no-locale", "--no-sync"),
    ]
