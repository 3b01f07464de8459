"""A Redis of our own: how to start it and ask whether it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stack.binaries import find_redis
from stack.readiness import NotReadyError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class RedisServer:
    """One server on one data folder and port."""

    program: Path
    data: Path
    port: int

    @property
    def command(self) -> list[str]:
        """Appends to disk once a second, so a kill costs at most that; never evicts: a full queue must say so."""
        return [
            *(str(self.program), "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.data)),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
            # A title of its own would overwrite its environment, and with it the mark of the stack.
            *("--set-proc-title", "no"),
        ]

    def url(self, database: int = 0) -> str:
        """The form of `STEADYPOST_REDIS_URL`."""
        return redis_url(port=self.port, database=database)

    def check(self) -> None:
        """Raise NotReadyError unless it answers and has loaded its file."""
        try:
            with redis.Redis(
                port=self.port, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
            ) as client:
                client.ping()
        except redis.RedisError as exc:
            raise NotReadyError(str(exc)) from None


def redis_url(*, port: int, database: int = 0) -> str:
    """How a client names a database that it reaches through this port."""
    return f"redis://127.0.0.1:{port}/{database}"


def prepare_redis(*, folder: Path, port: int) -> RedisServer:
    """Find a server and make its data folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return RedisServer(program=find_redis(), data=folder, port=port)
