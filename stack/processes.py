"""The processes of a stack, found by a mark in their environment also when supervisord is gone."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psutil

from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MARK: Final = "STEADYPOST_STACK_FOLDER"


def processes_of(folder: Path) -> list[psutil.Process]:
    """All that carry the stack's mark and still run; children inherit it, whoever their parent is by now."""
    mark = str(folder)
    return [process for process in psutil.process_iter() if _mark_of(process) == mark]


def end_processes(folder: Path, *, grace_s: float) -> int:
    """Ask all of them to end, kill those that stay; returns how many there were."""
    found = processes_of(folder)
    for process in found:
        _quietly(process.terminate)
    psutil.wait_procs(found, timeout=grace_s)

    def check() -> None:
        # Looked up again: a program may have been restarted in the meantime.
        if left := processes_of(folder):
            for process in left:
                _quietly(process.kill)
            raise NotReadyError(f"still there: {', '.join(str(process.pid) for process in left)}")

    wait_until_ready(check, what="the end of all processes", deadline_s=grace_s)
    return len(found)


def _quietly(action: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):
        action()


def _mark_of(process: psutil.Process) -> str | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None  # gone meanwhile, or somebody else's
