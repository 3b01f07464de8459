"""One clock for a process: monotonic seconds since its start, mapped to Unix time once."""

from __future__ import annotations

import time


class Clock:
    """Starts when it is made; a step of the wall clock in mid-run moves nothing."""

    def __init__(self) -> None:
        self.began_at = time.time()
        self._began_s = time.monotonic()

    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began_s

    def unix(self, elapsed_s: float) -> float:
        """A moment of this clock as Unix time."""
        return self.began_at + elapsed_s
