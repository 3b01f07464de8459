"""Three Redis servers and three sentinels that watch them, as deploy/redis sets them up."""

from __future__ import annotations

import random
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from stack.ports import find_ports
from stack.readiness import NotReadyError, wait_until_ready
from stack.redis import RedisServer, prepare_redis
from system.redis_address import RedisAddress

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[1] / "deploy" / "redis"
SERVICE = "steadypost"
READY_DEADLINE_S = 60.0
PASSWORDS = {
    name: f"{name}-0123456789"
    for name in ("replica_password", "sentinel_password", "sentinels_password", "worker_password")
}
# As deploy/secrets.sh makes them.
USERS = """\
user default off resetpass ~* &* +@all
user worker on >{worker_password} ~* &* +@all -@admin -@dangerous +info
"""


@dataclass
class Watched:
    """A master, two replicas and three sentinels; `kill_master` leaves it dead."""

    folder: Path
    servers: list[RedisServer] = field(default_factory=list)
    sentinels: list[int] = field(default_factory=list)
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """As `STEADYPOST_REDIS_URL` has it."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        server, sentinel = PASSWORDS["worker_password"], PASSWORDS["sentinels_password"]
        return f"sentinel://worker:{server}@{hosts}/0?service={SERVICE}&sentinel_password={sentinel}"

    def master(self) -> int:
        """The port of the master, as a sentinel says; NotReadyError when none answers."""
        try:
            with _ask(self.sentinels[0]) as sentinel:
                return int(sentinel.sentinel_get_master_addr_by_name(SERVICE)[1])
        except redis.RedisError as exc:
            raise NotReadyError(str(exc)) from None

    def kill_master(self) -> int:
        """End it without a last word; returns the port where it was."""
        port = self.master()
        self.processes[port].send_signal(signal.SIGKILL)
        self.processes[port].wait(timeout=10)
        return port

    def wait_for_another_master(self, than: int) -> None:
        """Until the sentinels name another one, and it takes writes."""

        def check() -> None:
            if self.master() == than:
                raise NotReadyError("the sentinels still name the old master")
            self._check_writes()

        wait_until_ready(check, what="another master", deadline_s=READY_DEADLINE_S)

    def start(self, open_: ExitStack) -> None:
        """Servers first, so that every sentinel finds them all."""
        ports = find_ports(6, choice=random.SystemRandom())
        self.sentinels = ports[3:]
        for port in ports[:3]:
            following = ["--replicaof", "127.0.0.1", str(ports[0])] if self.servers else []
            server = prepare_redis(folder=self.folder / f"redis-{port}", port=port)
            self._run(open_, port, [*self._command(server), *following])
            wait_until_ready(partial(_check_server, port), what=f"redis on {port}", deadline_s=READY_DEADLINE_S)
            self.servers.append(server)
        for port in self.sentinels:
            self._run(open_, port, [str(self.servers[0].program), str(self._sentinel_file(port)), "--sentinel"])
        wait_until_ready(self._check_watched, what="the sentinels", deadline_s=READY_DEADLINE_S)

    def _command(self, server: RedisServer) -> list[str]:
        """As the stack starts one, with the files that are deployed beside it."""
        settings, users = server.data / "replicated.conf", server.data / "users.acl"
        _fill("replicated.conf", into=settings)
        _fill("watched.acl", into=users)
        users.write_text(USERS.format_map(PASSWORDS) + users.read_text())
        program, *options = server.command
        return [program, str(settings), *options, "--aclfile", str(users)]

    def _sentinel_file(self, port: int) -> Path:
        path = self.folder / f"sentinel-{port}.conf"
        here = {"port 26379": f"port {port}\nbind 127.0.0.1", "redis-1 6379": f"127.0.0.1 {self.servers[0].port}"}
        _fill("sentinel.conf", into=path, **here)
        return path

    def _run(self, open_: ExitStack, port: int, command: list[str]) -> None:
        output = open_.enter_context((self.folder / f"{port}.log").open("wb"))
        self.processes[port] = process = subprocess.Popen(command, stdout=output, stderr=output, cwd=self.folder)
        open_.callback(process.wait, timeout=10)
        open_.callback(process.kill)

    def _check_watched(self) -> None:
        for port in self.sentinels:
            try:
                with _ask(port) as sentinel:
                    seen = sentinel.sentinel_master(SERVICE)
            except redis.RedisError as exc:
                raise NotReadyError(str(exc)) from None
            if (seen["num-slaves"], seen["num-other-sentinels"]) != (2, 2):
                raise NotReadyError(f"a sentinel sees {seen['num-slaves']} replicas")
        self._check_writes()

    def _check_writes(self) -> None:
        try:
            with RedisAddress(self.url).connect(timeout_s=2) as client:
                client.set("tests:written", 1)
        except redis.RedisError as exc:
            raise NotReadyError(str(exc)) from None


@contextmanager
def watched_redis(folder: Path) -> Iterator[Watched]:
    """All six processes, gone at the end of the block."""
    folder.mkdir(parents=True)
    watched = Watched(folder)
    with ExitStack() as open_:
        watched.start(open_)
        yield watched


def _fill(name: str, *, into: Path, **here: str) -> None:
    """A copy of a deployed file, which sentinels and servers rewrite, with passwords and this machine's addresses."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for there, here_is in (here | {f"{{{secret}}}": value for secret, value in PASSWORDS.items()}).items():
        text = text.replace(there, here_is)
    into.write_text(text, encoding="utf-8")


def _ask(sentinel: int) -> redis.Redis:
    password = PASSWORDS["sentinels_password"]
    return redis.Redis(port=sentinel, password=password, socket_timeout=2, decode_responses=True)


def _check_server(port: int) -> None:
    try:
        with redis.Redis(
            port=port, username="worker", password=PASSWORDS["worker_password"], socket_timeout=2
        ) as client:
            client.ping()
    except redis.RedisError as exc:
        raise NotReadyError(str(exc)) from None
