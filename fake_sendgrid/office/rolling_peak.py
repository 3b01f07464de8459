"""The most mails that arrived in any rolling second, exactly, over receipt times."""

from collections import deque
from collections.abc import Iterable

SECOND_NS = 1_000_000_000


class RollingPeak:
    """Counts windows [t, t + 1 s); a time that arrives out of order makes the value `stale` until counted afresh."""

    def __init__(self, times_ns: Iterable[int] = ()) -> None:
        self._window: deque[int] = deque()
        self._newest_ns = 0
        self.stale = False
        self.value = 0
        for at_ns in times_ns:
            self.add(at_ns)

    def add(self, at_ns: int) -> None:
        """Count one mail received at `at_ns`, monotonic."""
        if at_ns < self._newest_ns:
            self.stale = True
            return
        self._newest_ns = at_ns
        while self._window and at_ns - self._window[0] >= SECOND_NS:
            self._window.popleft()
        self._window.append(at_ns)
        self.value = max(self.value, len(self._window))
