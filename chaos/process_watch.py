"""Samples CPU, memory and descriptors of every program of a stack, once a second, into the run folder."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

import psutil

from slo_reports import run_folder
from stack.processes import programs_of

if TYPE_CHECKING:
    from pathlib import Path

    from slo_reports.run_folder import RunFolder

SAMPLE_S: Final = 1.0
FIND_EVERY: Final = 5
"""Samples between two searches for new processes; a search reads the environment of every process there is."""
BYTES_PER_MB: Final = 1 << 20


@dataclass
class ProcessWatch:
    """A thread that samples while the context lasts."""

    run: RunFolder
    folder: Path
    """The stack's: its processes carry it in their environment."""
    others: dict[str, int] = field(default_factory=dict)
    """Further processes by name, such as the load generator."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _known: dict[int, tuple[str, psutil.Process]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, name="process-watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        taken = 0
        while not self._stop.wait(SAMPLE_S):
            if taken % FIND_EVERY == 0:
                self._find()
            self._sample()
            taken += 1

    def _find(self) -> None:
        found = [*programs_of(self.folder), *self._others()]
        for program, process in found:
            known = self._known.get(process.pid)
            if known is None or known[1] != process:
                self._known[process.pid] = (program, process)

    def _others(self) -> list[tuple[str, psutil.Process]]:
        running = []
        for name, pid in self.others.items():
            if psutil.pid_exists(pid):
                running.append((name, psutil.Process(pid)))
        return running

    def _sample(self) -> None:
        at = time.time()
        totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0, 0])
        for pid, (program, process) in list(self._known.items()):
            try:
                with process.oneshot():
                    seen = (process.cpu_percent(), process.memory_info().rss / BYTES_PER_MB, process.num_fds(), 1)
            except psutil.Error:
                del self._known[pid]
                continue
            totals[program] = [total + one for total, one in zip(totals[program], seen, strict=True)]
        for program, (cpu, rss_mb, fds, processes) in sorted(totals.items()):
            self.run.append(
                run_folder.PROCESSES,
                {
                    "at": at,
                    "program": program,
                    "cpu_percent": round(cpu, 1),
                    "rss_mb": round(rss_mb, 1),
                    "fds": int(fds),
                    "processes": int(processes),
                },
            )
