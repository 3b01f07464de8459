"""The processes of a stack, found by a mark in their environment also when supervisord is gone."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psutil

from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

MARK: Final = "STEADYPOST_STACK_FOLDER"
KILLED_S: Final = 5.0


def processes_of(folder: Path) -> list[psutil.Process]:
    """All that carry the stack's mark and still run; children inherit it, whoever their parent is by now."""
    mark = str(folder)
    return [process for process in psutil.process_iter() if _mark_of(process) == mark]


def programs_of(folder: Path) -> list[tuple[str, psutil.Process]]:
    """Every process of the stack with its program's name; PostgreSQL's children, which hide theirs, included."""
    named = [(_program_of(process) or "supervisord", process) for process in processes_of(folder)]
    seen = {process.pid for _, process in named}
    hidden = [
        (program, child)
        for program, process in named
        if program == "postgres"
        for child in _children_of(process)
        if child.pid not in seen
    ]
    return named + hidden


def end_processes(folder: Path, *, last: Collection[str], grace_s: float) -> None:
    """Ask all of them to end, the programs named in `last` after the others; kill what stays.

    Returns when none is left. Workers need their broker to end well, so the servers come last.
    """
    found = processes_of(folder)
    servers = [process for process in found if _program_of(process) in last]
    for wave in ([process for process in found if process not in servers], servers):
        _end(wave, grace_s=grace_s)

    def check() -> None:
        # Looked up again: a program may have been restarted in the meantime.
        if left := processes_of(folder):
            _end(left, grace_s=0)
            raise NotReadyError(f"still there: {', '.join(str(process.pid) for process in left)}")

    wait_until_ready(check, what="the end of all processes", deadline_s=grace_s)


def _end(processes: list[psutil.Process], *, grace_s: float) -> None:
    # PostgreSQL's own children overwrite their environment, and with it the mark.
    family = {*processes, *(child for process in processes for child in _children_of(process))}
    for process in processes:
        # Not TERM: that would end the children of a worker's pool at once, and make PostgreSQL wait for its clients.
        _send(process, signal.SIGINT)
    _, stayed = psutil.wait_procs(family, timeout=grace_s)
    for process in stayed:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stayed, timeout=KILLED_S)


def _children_of(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _mark_of(process: psutil.Process) -> str | None:
    return _environment_of(process).get(MARK)


def _program_of(process: psutil.Process) -> str | None:
    return _environment_of(process).get("SUPERVISOR_PROCESS_NAME")


def _environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()
    except (psutil.Error, OSError):
        return {}  # gone meanwhile, or somebody else's
