"""How many mails arrived in each of the last minutes' seconds, for people who watch."""

from collections import Counter

KEPT_S = 300


class RecentRate:
    """Counts by whole Unix second; forgets what is older than KEPT_S."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, at_s: float) -> None:
        """Count one mail."""
        self._counts[int(at_s)] += 1
        if len(self._counts) > 2 * KEPT_S:
            self._counts = Counter({second: n for second, n in self._counts.items() if second > at_s - KEPT_S})

    def last(self, seconds: int, *, now_s: float) -> list[int]:
        """Counts of the last whole seconds, oldest first."""
        return [self._counts[int(now_s) - ago] for ago in range(seconds, 0, -1)]
