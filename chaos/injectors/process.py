"""Processes that are killed, told to end, frozen, kept away or deployed anew, through the stack's supervisor."""

from __future__ import annotations

import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import psutil

from stack.errors import StackError
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stack.supervisor import Supervisor

RUNS_DEADLINE_S: Final = 60.0
"""A worker may finish what it has begun before it is replaced."""
SIGNAL_DEADLINE_S: Final = 10.0
Whom = Literal["program", "child"]


@dataclass(kw_only=True)
class Ended:
    """A program, or one process of its pool, gets a signal that ends it; whoever started it replaces it."""

    supervisor: Supervisor
    fault: str
    program: str
    how: Literal["KILL", "TERM", "QUIT"] = "KILL"
    """KILL reaches all processes of the program; the others its first process, which ends the rest."""
    whom: Whom = "program"
    evidence: ClassVar[str] = "processes that have ended by the signal"
    _victims: list[psutil.Process] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Such as `worker-emails:kill`, or `worker-emails:kill-child`."""
        return f"{self.program}:{self.how.lower()}" + ("-child" if self.whom == "child" else "")

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "process", "what": f"SIG{self.how} to {self.whom} {self.program}"}

    def inject(self) -> None:
        """Send the signal; who gets it is gone or going when this returns."""
        family = family_of(self.supervisor, self.program)
        if self.whom == "child":
            if len(family) == 1:
                raise StackError(f"{self.program} has no child process to end")
            self._victims = family[1:2]
        else:
            self._victims = family if self.how == "KILL" else family[:1]
        _send(self._victims, signal.Signals[f"SIG{self.how}"])

    def look(self) -> bool:
        """Whether whoever got the signal is gone."""
        return bool(self._victims) and not any(map(_is_alive, self._victims))

    def heal(self) -> None:
        """See to it that the program runs, in new processes."""
        _await_running(self.supervisor, self.program, without=self._victims)
        self._victims = []


@dataclass(kw_only=True)
class Frozen:
    """Every process of a program stops where it is, as on a host that hangs, and goes on afterwards."""

    supervisor: Supervisor
    fault: str
    program: str
    evidence: ClassVar[str] = "all processes of the program in state T of the kernel"
    _victims: list[psutil.Process] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Such as `redis:freeze`."""
        return f"{self.program}:freeze"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "process", "what": f"SIGSTOP to all processes of {self.program}, later SIGCONT"}

    def inject(self) -> None:
        """Stop the first process, which could start others, then these; returns when the kernel says so of all."""

        def check() -> None:
            self._victims = family_of(self.supervisor, self.program)
            _send(self._victims, signal.SIGSTOP)
            if not self.look():
                raise NotReadyError("some still run")

        wait_until_ready(check, what=f"{self.program} to stop", deadline_s=SIGNAL_DEADLINE_S)

    def look(self) -> bool:
        """Whether all of them are stopped."""
        return bool(self._victims) and all(_status(process) == psutil.STATUS_STOPPED for process in self._victims)

    def heal(self) -> None:
        """Let them go on; returns when the kernel says that none is stopped."""
        frozen = [*self._victims, *_family_if_any(self.supervisor, self.program)]

        def check() -> None:
            _send(frozen, signal.SIGCONT)
            if any(_status(process) == psutil.STATUS_STOPPED for process in frozen):
                raise NotReadyError("some are stopped")

        wait_until_ready(check, what=f"{self.program} to go on", deadline_s=SIGNAL_DEADLINE_S)
        _await_running(self.supervisor, self.program)
        self._victims = []


@dataclass(kw_only=True)
class Away:
    """A program is gone until it is healed, in order or by a crash, and may come back without its data."""

    supervisor: Supervisor
    fault: str
    program: str
    how: Literal["STOP", "QUIT", "KILL"] = "KILL"
    """STOP as it likes to be stopped; QUIT is PostgreSQL's immediate shutdown; KILL as by a power cut."""
    loses: Path | None = None
    """A folder that is emptied meanwhile."""
    evidence: ClassVar[str] = "the program not running, by the word of its supervisor"

    @property
    def name(self) -> str:
        """Such as `redis:away-kill`, or `redis:away-kill-empty`."""
        return f"{self.program}:away-{self.how.lower()}" + ("-empty" if self.loses else "")

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        lost = f", without what was in {self.loses.name}" if self.loses else ""
        return {"injector": "process", "what": f"{self.program} is away ({self.how}){lost}"}

    def inject(self) -> None:
        """End it, and keep it down."""
        family = family_of(self.supervisor, self.program)
        if self.how == "KILL":
            # Frozen it can't obey the order to stop, by which the supervisor knows that it must stay down.
            _send(family, signal.SIGSTOP)
        self.supervisor.order_stop(self.program)
        if self.how != "STOP":
            _send(family if self.how == "KILL" else family[:1], signal.Signals[f"SIG{self.how}"])
        self.supervisor.stop(self.program)
        if self.loses is not None:
            _empty(self.loses)

    def look(self) -> bool:
        """Whether it is down."""
        return self.supervisor.is_running() and not self.supervisor.states()[self.program].pid

    def heal(self) -> None:
        """Start it."""
        _await_running(self.supervisor, self.program)


@dataclass(kw_only=True)
class RollingDeploy:
    """Each program in turn is told to end, and the next follows when its successor runs."""

    supervisor: Supervisor
    fault: str
    programs: Sequence[str]
    name: ClassVar[str] = "rolling-deploy"
    evidence: ClassVar[str] = "all programs running in new processes"
    _before: dict[str, psutil.Process] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "process", "what": f"restarts {', '.join(self.programs)}, one after the other"}

    def inject(self) -> None:
        """Deploy; returns when all run again."""
        for program in self.programs:
            old = family_of(self.supervisor, program)[0]
            _send([old], signal.SIGTERM)
            _await_running(self.supervisor, program, without=[old])
            self._before[program] = old

    def look(self) -> bool:
        """Whether none is what it was."""
        return bool(self._before) and not any(map(_is_alive, self._before.values()))

    def heal(self) -> None:
        """See to it that all run."""
        for program in self.programs:
            _await_running(self.supervisor, program)
        self._before = {}


def family_of(supervisor: Supervisor, program: str) -> list[psutil.Process]:
    """The program's first process and all that come from it; StackError when it doesn't run."""
    try:
        first = psutil.Process(supervisor.pid(program))
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        raise StackError(f"program {program} has just ended") from None


def _family_if_any(supervisor: Supervisor, program: str) -> list[psutil.Process]:
    with suppress(StackError, OSError):
        return family_of(supervisor, program)
    return []


def _await_running(supervisor: Supervisor, program: str, *, without: Sequence[psutil.Process] = ()) -> None:
    """Start it where it isn't running, and wait for that; nothing happens when there is no supervisor to ask."""
    if not supervisor.is_running():
        return

    def check() -> None:
        supervisor.start(program)
        state = supervisor.states()[program]
        if state.state != "RUNNING":
            raise NotReadyError(f"it is {state.state}")
        if any(state.pid == process.pid and _is_alive(process) for process in without):
            raise NotReadyError("it has not ended yet")

    wait_until_ready(check, what=f"{program} to run", deadline_s=RUNS_DEADLINE_S)


def _send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and _status(process) not in (None, psutil.STATUS_ZOMBIE)


def _status(process: psutil.Process) -> str | None:
    try:
        return process.status()
    except psutil.NoSuchProcess:
        return None


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
