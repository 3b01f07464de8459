"""The most mails that arrived in any rolling second, exactly, over receipt times."""

from collections import deque
from collections.abc import Iterable
from heapq import heappop, heappush

SECOND_NS = 1_000_000_000
REORDER_NS = SECOND_NS // 4
"""Requests of one turn of the loop are written in the order of reading, which is not always that of arrival."""


class RollingPeak:
    """Counts windows [t, t + 1 s); a time much older than the newest makes the value `stale` until counted afresh."""

    def __init__(self, times_ns: Iterable[int] = ()) -> None:
        self._settled: deque[int] = deque()
        self._settled_ns = 0
        self._settled_peak = 0
        self._recent: list[int] = []
        self._newest_ns = 0
        self.stale = False
        for at_ns in times_ns:
            self.add(at_ns)

    def add(self, at_ns: int) -> None:
        """Count one mail received at `at_ns`, monotonic."""
        if at_ns < self._settled_ns:
            self.stale = True
            return
        heappush(self._recent, at_ns)
        self._newest_ns = max(self._newest_ns, at_ns)
        while self._recent[0] < self._newest_ns - REORDER_NS:
            self._settled_ns = heappop(self._recent)
            self._settled_peak = max(self._settled_peak, _slide(self._settled, self._settled_ns))

    @property
    def value(self) -> int:
        """The peak so far, with the times that may still be reordered."""
        window = self._settled.copy()
        return max(self._settled_peak, *(_slide(window, at_ns) for at_ns in sorted(self._recent)), 0)


def _slide(window: deque[int], at_ns: int) -> int:
    """Let the window end at `at_ns`; returns how many it then holds."""
    window.append(at_ns)
    while at_ns - window[0] >= SECOND_NS:
        window.popleft()
    return len(window)
