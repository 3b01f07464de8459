"""Counts a campaign's jobs by state for the metrics: rarely enough to cost nothing, often enough to steer by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LEAST_PAUSE_S: Final = 10.0
SHARE: Final = 0.02
"""Of the time, at most, that the database spends on counting: a count reads the whole campaign."""


@dataclass(frozen=True)
class _Count:
    jobs: Mapping[str, int]
    next_at: float


class Tally:
    """The last count of each open campaign, and when the next one is due."""

    def __init__(
        self, count: Callable[[int], Mapping[str, int]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count, self._clock = count, clock
        self._counts: dict[int, _Count] = {}

    def jobs_by_state(self, campaign_id: int) -> Mapping[str, int]:
        """The last count; empty before the first."""
        known = self._counts.get(campaign_id)
        return known.jobs if known else {}

    def due(self, open_campaigns: set[int]) -> list[int]:
        """Campaigns to count anew; forgets those that have ended."""
        now = self._clock()
        self._counts = {id_: count for id_, count in self._counts.items() if id_ in open_campaigns}
        return sorted(id_ for id_ in open_campaigns if id_ not in self._counts or self._counts[id_].next_at <= now)

    def refresh(self, campaign_id: int) -> None:
        """Count now, whatever it takes; raises what the database raises."""
        began = self._clock()
        jobs = self._count(campaign_id)
        ended = self._clock()
        self._counts[campaign_id] = _Count(jobs, ended + max(LEAST_PAUSE_S, (ended - began) / SHARE))
