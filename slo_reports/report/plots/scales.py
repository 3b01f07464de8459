"""From values to places: linear and logarithmic scales with round ticks, and ticks of a clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

TICKS: Final = 4
HEADROOM: Final = 1.06
CLOCK_TICKS: Final = 7
CLOCK_STEPS_S: Final = (
    1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
)  # fmt: skip

_ROUND: Final = (1, 2, 2.5, 5, 10)
_LOG_ROUND: Final = (1, 2, 5)
_FEW_DECADES: Final = 2


@dataclass(frozen=True)
class Scale:
    """Places are shares of the axis, 0 to 1; a value outside the scale stands at its end."""

    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Where a value stands."""
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(max(value, self.low)) - low) / (high - low) if high > low else 0.0
        return min(1.0, max(0.0, share))

    def _bent(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def linear(highest: float) -> Scale:
    """From zero to a little above `highest`, with round ticks."""
    high = max(highest, 1e-9) * HEADROOM
    step = _round_step(high / TICKS)
    return Scale(0.0, high, tuple(round(step * place, 10) for place in range(int(high / step) + 1)))


def logarithmic(values: Sequence[float]) -> Scale:
    """From the 1, 2 or 5 below the positive values to the one above; many decades are marked at their ones alone."""
    positive = [value for value in values if value > 0 and math.isfinite(value)] or [1.0, 10.0]
    first, last = (math.floor(math.log10(edge(positive))) for edge in (min, max))
    marks = [10.0**decade * factor for decade in range(first, last + 2) for factor in _LOG_ROUND]
    low = max(mark for mark in marks if mark <= min(positive) * (1 + 1e-9))
    high = min(mark for mark in marks if mark >= max(positive) * (1 - 1e-9) and mark > low)
    inside = [mark for mark in marks if low <= mark <= high]
    ones = [mark for mark in inside if math.log10(mark).is_integer()]
    return Scale(low, high, tuple(ones if last - first > _FEW_DECADES else inside), is_log=True)


def clock_ticks(from_s: float, to_s: float) -> tuple[float, ...]:
    """Round moments of the run's clock, about seven of them."""
    span_s = max(to_s - from_s, 1.0)
    step = next((step for step in CLOCK_STEPS_S if span_s / step <= CLOCK_TICKS), CLOCK_STEPS_S[-1])
    first = math.ceil(from_s / step) * step
    return tuple(first + step * place for place in range(int((to_s - first) // step) + 1))


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in _ROUND if factor * power >= rough * (1 - 1e-9))
