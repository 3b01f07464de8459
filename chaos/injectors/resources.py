"""F29, F39 and F44: memory and descriptors that run out in one program, processors that others keep busy."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import psutil

from chaos.fault import NotPossibleHereError
from chaos.injectors.process import family_of
from stack.errors import StackError

if TYPE_CHECKING:
    from stack.supervisor import Supervisor

BUSY: Final = [sys.executable, "-c", "while True: pass"]
MOST_URGENT: Final = -5
BUSY_S: Final = 0.05
"""Processor time that each must have had before the machine counts as busy."""
BYTES_PER_MB: Final = 1 << 20


@dataclass(kw_only=True)
class Exhausted:
    """No process of the program gets more memory, or more descriptors, than it has now and a little room."""

    supervisor: Supervisor
    program: str
    resource: Literal["memory", "descriptors"]
    room: int
    """MB of address space, or descriptors, that each may still take."""
    fault: str = "F29"
    evidence: ClassVar[str] = "the limit that the kernel holds against every process of the program"
    _before: list[tuple[psutil.Process, tuple[int, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if sys.platform != "linux":
            raise NotPossibleHereError(f"limits of running processes need Linux, this is {sys.platform}")

    @property
    def name(self) -> str:
        """Such as `worker-ml:no-memory`."""
        return f"{self.program}:no-{self.resource}"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "resources", "what": f"{self.program} gets {self.room} more of {self.resource}"}

    def inject(self) -> None:
        """Lower the soft limits; what is started later by these processes inherits them."""
        for process in family_of(self.supervisor, self.program):
            with suppress(psutil.NoSuchProcess):
                soft, hard = process.rlimit(self._kind)
                process.rlimit(self._kind, (self._wanted(process), hard))
                self._before.append((process, (soft, hard)))

    def look(self) -> bool:
        """Whether the kernel holds the lowered limit against all that still run, or none does."""
        return bool(self._before) and all(self._is_lowered(*one) for one in self._before)

    def heal(self) -> None:
        """The limits as before, also for what was started meanwhile."""
        if not self._before:
            return
        limits = self._before[0][1]
        for process in {*(one for one, _ in self._before), *self._family_now()}:
            with suppress(psutil.NoSuchProcess):
                process.rlimit(self._kind, limits)
        self._before = []

    @property
    def _kind(self) -> int:
        return psutil.RLIMIT_AS if self.resource == "memory" else psutil.RLIMIT_NOFILE

    def _wanted(self, process: psutil.Process) -> int:
        if self.resource == "memory":
            return int(process.memory_info().vms) + self.room * BYTES_PER_MB
        return process.num_fds() + self.room

    def _is_lowered(self, process: psutil.Process, before: tuple[int, int]) -> bool:
        try:
            return process.rlimit(self._kind) != before
        except psutil.NoSuchProcess:
            return True  # it ended under its limit

    def _family_now(self) -> list[psutil.Process]:
        with suppress(StackError, OSError):
            return family_of(self.supervisor, self.program)
        return []


@dataclass(kw_only=True)
class Starved:
    """Busy loops keep all processors, before everybody else where root allows that."""

    loops_per_core: int = 2
    fault: str = "F39"
    name: ClassVar[str] = "machine:no-cpu"
    evidence: ClassVar[str] = "busy loops of the harness's own on every processor"
    _loops: list[psutil.Popen] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "resources", "what": f"{self.loops_per_core} busy loops on each processor"}

    def inject(self) -> None:
        """Start them."""
        for _ in range(self.loops_per_core * (os.cpu_count() or 1)):
            loop = psutil.Popen(BUSY, stdin=subprocess.DEVNULL)
            self._loops.append(loop)
            if os.geteuid() == 0:
                loop.nice(MOST_URGENT)

    def look(self) -> bool:
        """Whether all of them run and have had processor time."""
        return bool(self._loops) and all(loop.poll() is None and loop.cpu_times().user > BUSY_S for loop in self._loops)

    def heal(self) -> None:
        """End them."""
        while self._loops:
            loop = self._loops.pop()
            with suppress(psutil.NoSuchProcess):
                loop.kill()
            loop.wait()
