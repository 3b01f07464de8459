"""The most mails that arrived in any rolling second, exactly, over receipt times."""

from bisect import insort
from collections import deque

SECOND_NS = 1_000_000_000


class RollingPeak:
    """Counts windows [t, t + 1 s); times may arrive a little out of order (late acceptances)."""

    def __init__(self) -> None:
        self._window: deque[int] = deque()
        self._newest_ns = 0
        self._late: list[int] = []
        self.value = 0

    def add(self, at_ns: int) -> None:
        """Count one mail received at `at_ns`, monotonic."""
        if at_ns < self._newest_ns:
            self._add_late(at_ns)
            return
        self._newest_ns = at_ns
        while self._window and at_ns - self._window[0] >= SECOND_NS:
            self._window.popleft()
        self._window.append(at_ns)
        self.value = max(self.value, len(self._window))

    def _add_late(self, at_ns: int) -> None:
        if self._window and at_ns >= self._window[0]:
            merged = list(self._window)
            insort(merged, at_ns)
            self._window = deque(merged)
            self.value = max(self.value, len(self._window))
