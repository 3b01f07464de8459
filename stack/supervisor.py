"""supervisord as we use it, through its XML-RPC interface over a Unix socket."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import xmlrpc.client  # nosec B411  # same as in stack.py
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psutil

from stack.errors import StackError
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ANSWER_DEADLINE_S: Final = 20.0  # a machine under full load; only a frozen supervisord needs longer
START_DEADLINE_S: Final = 20.0
STOPPED: Final = frozenset({"STOPPED", "EXITED", "FATAL"})


@dataclass(frozen=True, kw_only=True)
class ProgramState:
    """What supervisord says about one program; `pid` is 0 unless it runs."""

    name: str
    state: str
    pid: int
    uptime_s: int


class Supervisor:
    """One supervisord, on one configuration file."""

    def __init__(self, *, config: Path, socket_path: Path) -> None:
        self.config = config
        self.socket_path = socket_path

    def launch(self, *, env: Mapping[str, str]) -> None:
        """Start supervisord as a daemon with no program running yet; `env` is what all programs inherit."""
        command = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(self.config)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"supervisord did not start:\n{done.stdout}{done.stderr}")
        wait_until_ready(self._check, what="supervisord", deadline_s=START_DEADLINE_S)

    def is_running(self) -> bool:
        """Whether it answers."""
        try:
            self._check()
        except NotReadyError:
            return False
        return True

    def states(self) -> dict[str, ProgramState]:
        """All programs by name; StackError when supervisord is about to end."""
        try:
            infos = self._call("getAllProcessInfo")
        except xmlrpc.client.Fault as fault:
            raise StackError(f"supervisord says nothing of its programs: {fault.faultString}") from None
        return {
            info["name"]: ProgramState(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"],
                uptime_s=info["now"] - info["start"] if info["pid"] else 0,
            )
            for info in infos
        }

    def pid(self, name: str) -> int:
        """The program's first process; StackError when it doesn't run."""
        state = self.states()[name]
        if not state.pid:
            raise StackError(f"program {name} doesn't run, it is {state.state}")
        return state.pid

    def children(self, name: str) -> list[int]:
        """The processes that the program started, such as a worker's pool."""
        return [child.pid for child in psutil.Process(self.pid(name)).children(recursive=True)]

    def start(self, name: str) -> None:
        """Order a start without waiting for it; nothing happens when it runs."""
        self._call_unless(xmlrpc_fault=("ALREADY_STARTED",), method="startProcess", name=name)

    def stop(self, *names: str, deadline_s: float = 60.0) -> None:
        """Stop the programs side by side, so that they stay down; returns when all have ended."""
        for name in names:
            self.order_stop(name)

        def check() -> None:
            states = self.states()
            if busy := [name for name in names if states[name].state not in STOPPED]:
                raise NotReadyError(f"still there: {', '.join(busy)}")

        wait_until_ready(check, what=f"the end of {', '.join(names)}", deadline_s=deadline_s)

    def order_stop(self, name: str) -> None:
        """Order a program to stop and to stay down, without waiting for it."""
        self._call_unless(xmlrpc_fault=("NOT_RUNNING",), method="stopProcess", name=name)

    def signal(self, name: str, signal_name: str) -> None:
        """Send a signal such as KILL to the program's first process; supervisord restarts what ends by it."""
        self._call("signalProcess", name, signal_name)

    def shutdown(self) -> None:
        """Order the end of supervisord and of all that still runs."""
        self._call("shutdown")

    def _check(self) -> None:
        try:
            self._call("getState")
        except (OSError, http.client.HTTPException, xmlrpc.client.Fault) as exc:
            raise NotReadyError(str(exc)) from None

    def _call_unless(self, *, xmlrpc_fault: tuple[str, ...], method: str, name: str) -> None:
        wait = False
        try:
            self._call(method, name, wait)
        except xmlrpc.client.Fault as fault:
            if not fault.faultString.startswith(xmlrpc_fault):
                raise StackError(f"supervisord refused {method} of {name}: {fault.faultString}") from None

    def _call(self, method: str, *args: object) -> Any:
        transport = _UnixTransport(self.socket_path)
        with xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=transport) as proxy:
            return getattr(proxy.supervisor, method)(*args)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_DEADLINE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.close()
            raise


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = _UnixConnection(self._path)
        self._connection = host, connection  # where the library looks for what it must close
        return connection
