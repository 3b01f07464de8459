"""supervisord's configuration file: how each program is started, restarted and stopped."""

from __future__ import annotations

import shlex
from configparser import ConfigParser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stack.programs import Program

# A chaos run keeps servers away for minutes; giving up would need an operator afterwards.
START_RETRIES: Final = 1_000_000


def write_config(
    path: Path, programs: Iterable[Program], *, socket_path: Path, pid_file: Path, logs: Path, user: str | None
) -> None:
    """Write it; the environment of the programs isn't in it, because that holds secrets.

    `user` is who supervisord stays when root starts it, which it wants to be told.
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
    with path.open("w") as file:
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
    }


def _literal(value: object) -> str:
    # supervisord expands %(…)s itself; a doubled % stays one.
    return str(value).replace("%", "%%")
