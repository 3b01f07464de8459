"""supervisord's configuration file: how each program is started, restarted and stopped."""

from __future__ import annotations

import shlex
from configparser import ConfigParser
from typing import TYPE_CHECKING, Final

from stack.environment import open_private
from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from stack.programs import Program

# A chaos run keeps servers away for minutes; giving up would need an operator afterwards.
START_RETRIES: Final = 1_000_000


def write_config(
    path: Path, programs: Iterable[Program], *, socket_path: Path, pid_file: Path, logs: Path, user: str | None
) -> None:
    """Write it, readable by the owner alone: what only one program gets stands in it, which may be a secret.

    What all programs inherit doesn't. `user` is who supervisord stays when root starts it, which it wants to be told.
    """
    sections: dict[str, dict[str, object]] = {
        "unix_http_server": {"file": socket_path, "chmod": "0700"},
        "supervisord": {
            "logfile": logs / "supervisord.log",
            "pidfile": pid_file,
            "childlogdir": logs,
            **({"user": user} if user else {}),
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        **{f"program:{program.name}": _section(program, logs) for program in programs},
    }
    parser = ConfigParser(interpolation=None)
    parser.read_dict({name: {key: _literal(value) for key, value in body.items()} for name, body in sections.items()})
    with open_private(path) as file:
        parser.write(file)


def _section(program: Program, logs: Path) -> dict[str, object]:
    return {
        "command": shlex.join(program.command),
        "directory": program.folder,
        "autostart": "false",
        "autorestart": "true",
        "startsecs": program.start_s,
        "startretries": START_RETRIES,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": program.stop_wait_s,
        # The first process ends its children in order: a signal to the whole group would kill
        # the tasks that a worker's pool is about to finish. What must be killed goes with all its children.
        "stopasgroup": "false",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": logs / f"{program.name}.log",
        "stdout_logfile_maxbytes": "100MB",
        "stdout_logfile_backups": "1",
        **({"user": program.user} if program.user else {}),
        **({"environment": _assignments(program.environment)} if program.environment else {}),
    }


def _assignments(variables: Mapping[str, str]) -> str:
    for name, value in variables.items():
        if {'"', "'", "\n"} & set(value):  # supervisord has no way to write them
            raise StackError(f"{name} of one program can't hold quotes or line ends. Override it for all programs")
    return ",".join(f'{name}="{value}"' for name, value in variables.items())


def _literal(value: object) -> str:
    # supervisord expands %(…)s itself; a doubled % stays one.
    return str(value).replace("%", "%%")
