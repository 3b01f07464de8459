"""The processes of a stack, found by a mark in their environment also when supervisord is gone."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psutil

from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from pathlib import Path

MARK: Final = "STEADYPOST_STACK_FOLDER"


def processes_of(folder: Path) -> list[psutil.Process]:
    """All that carry the stack's mark and still run; children inherit it, whoever their parent is by now."""
    mark = str(folder)
    return [process for process in psutil.process_iter() if _mark_of(process) == mark]


def end_processes(folder: Path, *, grace_s: float) -> None:
    """Ask all of them to end, and kill those that stay; returns when none is left."""
    marked = processes_of(folder)
    # PostgreSQL's own children overwrite their environment, and with it the mark.
    found = {*marked, *(child for process in marked for child in _children_of(process))}
    for process in marked:
        # Not TERM: that would end the children of a worker's pool at once, and make PostgreSQL wait for its clients.
        _send(process, signal.SIGINT)
    _, stayed = psutil.wait_procs(found, timeout=grace_s)

    def check() -> None:
        # Looked up again: a program may have been restarted in the meantime.
        left = {process for process in [*stayed, *processes_of(folder)] if _is_alive(process)}
        for process in left:
            _send(process, signal.SIGKILL)
        if left:
            raise NotReadyError(f"still there: {', '.join(str(process.pid) for process in left)}")

    wait_until_ready(check, what="the end of all processes", deadline_s=grace_s)


def _children_of(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK) if _is_alive(process) else None
    except (psutil.Error, OSError):
        return None  # gone meanwhile, or somebody else's
