"""A whole system on one machine: started in order, watched until each part works, stopped without leftovers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import xmlrpc.client
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from stack.checks import check_http, check_worker
from stack.environment import development_env, setting_variable
from stack.errors import StackError
from stack.place import Place
from stack.postgres import Postgres, prepare_postgres
from stack.processes import MARK, end_processes, processes_of
from stack.programs import (
    BEATS,
    PROCESSES,
    application_programs,
    fake_program,
    fake_public_key,
    server_programs,
    worker_name,
    worker_node,
)
from stack.readiness import NotReadyError, wait_until_ready
from stack.redis import RedisServer, prepare_redis
from stack.supervisor import ProgramState, Supervisor
from stack.supervisor_config import write_config
from system.settings import ENV_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

ROOT: Final = Path(".stack")
DATABASE: Final = "steadypost"
READY_DEADLINE_S: Final = 180.0  # a laptop that tests something else imports slowly
END_GRACE_S: Final = 10.0  # workers whose supervisord is gone choke on their broken output, and must be killed
TAIL_LINES: Final = 30
SERVERS: Final = {"postgres", "redis", "fake_sendgrid"}


class Stack:
    """One stack by name; as a context manager it is up inside, and down afterwards."""

    def __init__(
        self,
        name: str = "default",
        *,
        root: Path = ROOT,
        with_fake: bool = True,
        with_applications: bool = True,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        self.place = Place(name, root=root)
        self.with_fake = with_fake
        self.with_applications = with_applications
        self.overrides = dict(overrides or {})
        """Variables that replace generated ones at the next `up`."""
        self.supervisor = Supervisor(config=self.place.folder / "supervisord.conf", socket_path=self.place.socket_path)

    @property
    def env(self) -> dict[str, str]:
        """The STEADYPOST_ variables of the last `up`; whoever has them is a client of this stack."""
        return self.place.env

    @property
    def ports(self) -> dict[str, int]:
        """By name: postgres, redis, fake, fake_management, web; known from `place.prepare()` on."""
        return self.place.ports

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def up(self, *, announce: Callable[[str], None] = lambda _: None) -> None:
        """Start everything, and return when everything works; on any failure nothing is left running.

        `announce` hears what is waited for. StackError shows the end of the log of whatever failed.
        From here on SIGTERM raises KeyboardInterrupt as Ctrl-C does, so that whoever started a stack also stops it.
        """
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        if processes_of(self.place.folder):
            raise StackError(
                f"processes of stack {self.place.name!r} are running. Look: steadypost stack status "
                f"--name {self.place.name}. Stop them: steadypost stack down --name {self.place.name}"
            )
        self.place.prepare()
        ports = self.place.ports
        postgres = prepare_postgres(
            folder=self.place.data / "postgres",
            port=ports["postgres"],
            password=self.place.secrets["postgres_password"],
        )
        redis = prepare_redis(folder=self.place.data / "redis", port=ports["redis"])
        self.place.env = self._new_env(postgres, redis)
        try:
            self._launch(postgres, redis)
            self._start_servers(postgres, redis, announce)
            self._upgrade_schema(announce)
            if self.with_applications:
                self._start_applications(announce)
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """Stop everything, also what a crashed supervisord left behind; safe to call twice."""
        # Whatever goes wrong in the orderly way, the processes are ended all the same.
        with suppress(StackError, OSError, xmlrpc.client.Error):
            self._stop_in_order()
        end_processes(self.place.folder, last=SERVERS, grace_s=END_GRACE_S)
        self.place.socket_path.unlink(missing_ok=True)

    def states(self) -> list[ProgramState]:
        """What runs, as supervisord sees it; empty when it doesn't run itself."""
        return list(self.supervisor.states().values()) if self.supervisor.is_running() else []

    def log_of(self, program: str) -> Path:
        """The file with everything that the program printed."""
        return self.place.logs / f"{program}.log"

    def _stop_in_order(self) -> None:
        if not self.supervisor.is_running():
            return
        programs = set(self.supervisor.states())
        self.supervisor.stop(*programs - SERVERS)
        self.supervisor.stop(*programs & SERVERS)
        self.supervisor.shutdown()

    def _new_env(self, postgres: Postgres, redis: RedisServer) -> dict[str, str]:
        place = self.place
        env = development_env(
            database_url=postgres.url(DATABASE),
            redis_url=redis.url(),
            provider_url=f"http://127.0.0.1:{place.ports['fake']}",
            public_url=f"http://127.0.0.1:{place.ports['web']}",
            model_path=place.folder / "models" / "current.onnx",
            secrets_of=place.secrets,
        )
        if self.with_fake:
            env[setting_variable("webhook_public_keys")] = json.dumps([fake_public_key(place.signing_key)])
        return env | self.overrides

    def _launch(self, postgres: Postgres, redis: RedisServer) -> None:
        place = self.place
        programs = server_programs(postgres, redis, folder=place.folder)
        if self.with_fake:
            programs.append(fake_program(place))
        if self.with_applications:
            programs += application_programs(place)
        write_config(
            self.supervisor.config,
            programs,
            socket_path=self.supervisor.socket_path,
            pid_file=place.folder / "supervisord.pid",
            logs=place.logs,
            user="root" if os.geteuid() == 0 else None,
        )
        self.supervisor.launch(env=self._process_env())

    def _process_env(self) -> dict[str, str]:
        # The caller's own STEADYPOST_ variables belong to another installation.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
        return {
            **inherited,
            **self.env,
            "FAKE_SENDGRID_API_KEY": self.place.secrets["api_key"],
            "PYTHONUNBUFFERED": "1",
            MARK: str(self.place.folder),
        }

    def _start_servers(self, postgres: Postgres, redis: RedisServer, announce: Callable[[str], None]) -> None:
        checks = {"postgres": postgres.check, "redis": redis.check}
        if self.with_fake:
            checks["fake_sendgrid"] = partial(check_http, port=self.ports["fake_management"], path="/healthz")
        self._start(checks, announce)
        postgres.create_database(DATABASE)

    def _upgrade_schema(self, announce: Callable[[str], None]) -> None:
        announce("schema")
        command = [str(Path(sys.executable).with_name("steadypost")), "db", "upgrade"]
        done = subprocess.run(command, env=self._process_env(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"`steadypost db upgrade` failed:\n{done.stdout}{done.stderr}")

    def _start_applications(self, announce: Callable[[str], None]) -> None:
        checks: dict[str, Callable[[], None]] = {
            "web": partial(check_http, port=self.ports["web"], path="/readyz"),
        }
        broker_url = self.env.get(setting_variable("broker_url"), self.env[setting_variable("redis_url")])
        for queue in PROCESSES:
            node = worker_node(queue, self.place)
            checks[worker_name(queue)] = partial(check_worker, broker_url=broker_url, node=node)
        for name in BEATS:
            checks[name] = partial(self._check_runs, name)
        self._start(checks, announce)

    def _start(self, checks: Mapping[str, Callable[[], None]], announce: Callable[[str], None]) -> None:
        for name in checks:
            self.supervisor.start(name)
        for name, check in checks.items():
            announce(name)
            try:
                wait_until_ready(check, what=name, deadline_s=READY_DEADLINE_S, is_alive=partial(self._is_alive, name))
            except StackError as exc:
                raise StackError(f"{exc}\nThe end of {self.log_of(name)}:\n{self._tail(name)}") from None

    def _is_alive(self, name: str) -> bool:
        return self.supervisor.states()[name].state in {"STARTING", "RUNNING"}

    def _check_runs(self, name: str) -> None:
        if (state := self.supervisor.states()[name].state) != "RUNNING":
            raise NotReadyError(state)

    def _tail(self, name: str) -> str:
        log = self.log_of(name)
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join(lines[-TAIL_LINES:]) or "(empty)"
