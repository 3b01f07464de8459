"""What a challenger did better or worse than the model beside it: differences and ratios of two rates.

Wilson's interval for a rate, Newcombe's for the difference of two (his method 10: the square-and-add of both Wilson
intervals), Katz's log interval for their ratio; 95 % each, each for itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

Z: Final = NormalDist().inv_cdf(0.975)
SUSPICIOUS_Z: Final = NormalDist().inv_cdf(0.9995)
"""Arms whose sizes are less likely than one in 1,000, given the share, were not divided by chance alone."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """Between 0 and 1; NaN of nobody."""
        return self.hits / self.of if self.of else math.nan


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its bounds; a bound that can't be told is NaN."""

    value: float
    low: float
    high: float


def wilson(rate: Rate) -> Interval:
    """The interval of one rate."""
    if not rate.of:
        return Interval(math.nan, 0.0, 1.0)
    p, spread = rate.value, Z * Z / rate.of
    middle = (p + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (p * (1 - p) + spread / 4)) / (1 + spread)
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half))


def difference(challenger: Rate, model: Rate) -> Interval:
    """Challenger minus model; from -1 to 1 while one of them has nobody."""
    ours, theirs = wilson(challenger), wilson(model)
    value = ours.value - theirs.value
    if math.isnan(value):
        return Interval(value, -1.0, 1.0)
    low = value - math.hypot(ours.value - ours.low, theirs.high - theirs.value)
    high = value + math.hypot(ours.high - ours.value, theirs.value - theirs.low)
    return Interval(value, low, high)


def ratio(challenger: Rate, model: Rate) -> Interval:
    """Challenger by model; NaN where nobody of the model's did it, or in one arm nobody is."""
    if not challenger.of or not model.of or not model.hits:
        return Interval(math.nan, math.nan, math.nan)
    value = challenger.value / model.value
    if not challenger.hits:
        return Interval(value, 0.0, math.nan)
    variance = 1 / challenger.hits - 1 / challenger.of + 1 / model.hits - 1 / model.of
    factor = math.exp(Z * math.sqrt(variance))
    return Interval(value, value / factor, value * factor)


def says(difference_of_rates: Interval) -> str:
    """`more`, `less`, or that nobody can tell."""
    if difference_of_rates.low > 0:
        return "more"
    return "less" if difference_of_rates.high < 0 else "not enough evidence"


def is_divided_by_chance(challenger_mails: int, model_mails: int, *, share: float) -> bool:
    """Whether the arms have about the sizes that the share gives; if not, something keeps mails from one of them."""
    both = challenger_mails + model_mails
    return abs(challenger_mails - both * share) <= SUSPICIOUS_Z * math.sqrt(both * share * (1 - share))
