"""The way of a stack from nothing to ready: each step waits until what it started does its work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stack.checks import check_http, check_worker
from stack.environment import development_env, setting_variable
from stack.errors import StackError
from stack.postgres import Postgres, prepare_postgres
from stack.processes import MARK
from stack.programs import (
    BEATS,
    PROCESSES,
    Program,
    application_programs,
    fake_program,
    fake_public_key,
    override,
    server_programs,
    worker_name,
    worker_node,
)
from stack.readiness import NotReadyError, wait_until_ready
from stack.redis import RedisServer, prepare_redis
from stack.supervisor_config import write_config
from system.settings import ENV_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stack.place import Place
    from stack.supervisor import Supervisor

DATABASE: Final = "steadypost"
READY_DEADLINE_S: Final = 180.0  # a laptop that tests something else imports slowly
TAIL_LINES: Final = 30


class Startup:
    """One start; whoever runs it stops what it leaves when it fails."""

    def __init__(
        self,
        place: Place,
        supervisor: Supervisor,
        *,
        overrides: Mapping[str, str],
        overrides_of: Mapping[str, Mapping[str, str]],
        announce: Callable[[str], None],
    ) -> None:
        self._place = place
        self._supervisor = supervisor
        self._overrides = dict(overrides)
        self._overrides_of = dict(overrides_of)
        self._announce = announce

    def run(self, *, with_fake: bool, with_applications: bool) -> None:
        """Servers, schema, applications; StackError shows the end of the log of whatever failed."""
        place = self._place
        postgres = prepare_postgres(
            folder=place.data / "postgres", port=place.ports["postgres"], password=place.secrets["postgres_password"]
        )
        redis = prepare_redis(folder=place.data / "redis", port=place.ports["redis"])
        place.env = self._new_env(postgres, redis, with_fake=with_fake)
        programs = [
            *server_programs(postgres, redis, folder=place.folder),
            *([fake_program(place)] if with_fake else []),
            *(application_programs(place) if with_applications else []),
        ]
        self._launch(override(programs, self._overrides_of))
        self._start_servers(postgres, redis, with_fake=with_fake)
        postgres.create_database(DATABASE)
        self._upgrade_schema()
        if with_applications:
            self._start_applications()

    def _new_env(self, postgres: Postgres, redis: RedisServer, *, with_fake: bool) -> dict[str, str]:
        place = self._place
        env = development_env(
            database_url=postgres.url(DATABASE),
            redis_url=redis.url(),
            provider_url=f"http://127.0.0.1:{place.ports['fake']}",
            public_url=f"http://127.0.0.1:{place.ports['web']}",
            model_folder=place.folder / "models",
            secrets_of=place.secrets,
        )
        if with_fake:
            env[setting_variable("webhook_public_keys")] = json.dumps([fake_public_key(place.signing_key)])
        return env | self._overrides

    def _launch(self, programs: list[Program]) -> None:
        place = self._place
        write_config(
            self._supervisor.config,
            programs,
            socket_path=self._supervisor.socket_path,
            pid_file=place.folder / "supervisord.pid",
            logs=place.logs,
            user="root" if os.geteuid() == 0 else None,
        )
        self._supervisor.launch(env=self._process_env())

    def _process_env(self) -> dict[str, str]:
        # The caller's own STEADYPOST_ variables belong to another installation.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
        return {
            **inherited,
            **self._place.env,
            "FAKE_SENDGRID_API_KEY": self._place.secrets["api_key"],
            "PYTHONUNBUFFERED": "1",
            "PROMETHEUS_MULTIPROC_DIR": str(self._place.folder / "metrics"),  # the web process shows all counts
            MARK: str(self._place.folder),
        }

    def _start_servers(self, postgres: Postgres, redis: RedisServer, *, with_fake: bool) -> None:
        checks = {"postgres": postgres.check, "redis": redis.check}
        if with_fake:
            checks["fake_sendgrid"] = partial(check_http, port=self._place.ports["fake_management"], path="/healthz")
        self._start(checks)

    def _upgrade_schema(self) -> None:
        self._announce("schema")
        command = [str(Path(sys.executable).with_name("steadypost")), "db", "upgrade"]
        done = subprocess.run(command, env=self._process_env(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"`steadypost db upgrade` failed:\n{done.stdout}{done.stderr}")

    def _start_applications(self) -> None:
        checks: dict[str, Callable[[], None]] = {
            "web": partial(check_http, port=self._place.ports["web"], path="/readyz"),
        }
        broker_url = self._place.env.get(setting_variable("broker_url"), self._place.env[setting_variable("redis_url")])
        for queue in PROCESSES:
            node = worker_node(queue, self._place)
            checks[worker_name(queue)] = partial(check_worker, broker_url=broker_url, node=node)
        for name in BEATS:
            checks[name] = partial(self._check_runs, name)
        self._start(checks)

    def _start(self, checks: Mapping[str, Callable[[], None]]) -> None:
        for name in checks:
            self._supervisor.start(name)
        for name, check in checks.items():
            self._announce(name)
            try:
                wait_until_ready(check, what=name, deadline_s=READY_DEADLINE_S, is_alive=partial(self._is_alive, name))
            except StackError as exc:
                raise StackError(f"{exc}\nThe end of {self._place.log_of(name)}:\n{self._tail(name)}") from None

    def _is_alive(self, name: str) -> bool:
        return self._supervisor.states()[name].state in {"STARTING", "RUNNING"}

    def _check_runs(self, name: str) -> None:
        if (state := self._supervisor.states()[name].state) != "RUNNING":
            raise NotReadyError(state)

    def _tail(self, name: str) -> str:
        log = self._place.log_of(name)
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join(lines[-TAIL_LINES:]) or "(empty)"
