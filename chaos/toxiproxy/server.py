"""A Toxiproxy server of our own: one process, one control port on the loopback interface, one log."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import psutil

from chaos.toxiproxy.errors import ToxiproxyError
from chaos.toxiproxy.transport import HOST
from stack.errors import StackError
from stack.ports import is_free
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.toxiproxy.control import Control

READY_DEADLINE_S: Final = 30.0
END_GRACE_S: Final = 3.0
TAIL_LINES: Final = 10


@dataclass
class ToxiproxyServer:
    """Started, replaced and ended by its process id."""

    program: Path
    port: int
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """Of the running process; ToxiproxyError when there is none."""
        if self._process is None or self._process.poll() is not None:
            raise ToxiproxyError(f"Toxiproxy on port {self.port} doesn't run; see {self.log}")
        return self._process.pid

    def start(self, control: Control) -> None:
        """Start it and wait until it answers on its control port."""
        if not is_free(self.port):
            raise ToxiproxyError(f"port {self.port} for Toxiproxy's control is in use. Take another, or end its owner")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "-host", HOST, "-port", str(self.port)],
                env={**os.environ, "LOG_LEVEL": "warn"},  # it writes a line for each connection otherwise
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us, and faults are healed before it ends
            )
        try:
            self._wait(self._process, control)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, though it be frozen; nothing happens when it doesn't run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=END_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once, which is all that a stuck one understands."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait(self, process: subprocess.Popen[bytes], control: Control) -> None:
        def check() -> None:
            # One that finds its port taken stays, logs it and listens to nobody: somebody else would answer.
            if not _listens(process.pid, self.port):
                raise NotReadyError("not listening yet")
            control.version()

        is_alive = partial(_is_alive, process)
        try:
            wait_until_ready(check, what="Toxiproxy", deadline_s=READY_DEADLINE_S, is_alive=is_alive)
        except StackError as exc:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
            raise ToxiproxyError(f"{exc}\nThe end of {self.log}:\n{tail}") from None


def _is_alive(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def _listens(pid: int, port: int) -> bool:
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.NoSuchProcess:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)
