"""What a challenger did better or worse than the model beside it: differences and ratios of two rates.

Wilson's interval for a rate, Newcombe's for the difference of two (his method 10: the square-and-add of both Wilson
intervals), Katz's log interval for their ratio; 95 % each, each for itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

CONFIDENCE: Final = 0.95
SUSPICIOUS: Final = 0.001
"""Arms whose sizes are less likely than this, given the share, were not divided by chance alone."""


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
    bounds = binomtest(rate.hits, rate.of).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(rate.value, float(bounds.low), float(bounds.high))


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
    found = relative_risk(challenger.hits, challenger.of, model.hits, model.of)
    bounds = found.confidence_interval(CONFIDENCE)
    return Interval(float(found.relative_risk), float(bounds.low), float(bounds.high))


def says(difference_of_rates: Interval) -> str:
    """`more`, `less`, or that nobody can tell."""
    if difference_of_rates.low > 0:
        return "more"
    return "less" if difference_of_rates.high < 0 else "not enough evidence"


def is_divided_by_chance(challenger_mails: int, model_mails: int, *, share: float) -> bool:
    """Whether the arms have about the sizes that the share gives; if not, something keeps mails from one of them."""
    both = challenger_mails + model_mails
    return both == 0 or binomtest(challenger_mails, both, share).pvalue > SUSPICIOUS
