"""A Redis that one test may kill, freeze and set back."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.ports import find_ports
from stack.readiness import wait_until_ready
from stack.redis import RedisServer, prepare_redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class OwnRedis:
    """One server on one data folder."""

    server: RedisServer
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens, also after a restart."""
        return self.server.url()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(self.server.command, stdout=output, stderr=output)
        process = self.process
        wait_until_ready(self.server.check, what="redis", deadline_s=20, is_alive=lambda: process.poll() is None)

    def kill(self) -> None:
        """End it without a last word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=10)

    def forget_the_last_second(self, of: Callable[[], object]) -> None:
        """Do something, then come back without it, as after a crash before the file was synced."""
        copy = self.server.data.with_name("before")
        shutil.copytree(self.server.data, copy)
        of()
        self.kill()
        shutil.rmtree(self.server.data)
        copy.rename(self.server.data)
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Neither dead nor answering."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    """A running server, gone at the end of the block."""
    port = find_ports(1, choice=random.SystemRandom())[0]
    own = OwnRedis(prepare_redis(folder=folder / "redis", port=port), folder / "redis.log")
    own.start()
    try:
        yield own
    finally:
        own.kill()
