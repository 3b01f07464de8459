"""How far chance reaches: customers are drawn again with replacement, the same draws for whatever is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

RESAMPLES: Final = 2_000
LEVEL: Final = 0.95
_BLOCK_WEIGHTS: Final = 1 << 23

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and where it lies with a probability of 95 %."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """For JSON; six digits are more than the interval's width can justify."""
        return {"value": round(self.value, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


def draw_means(
    columns: Mapping[Key, NDArray[np.float64]], *, seed: int, resamples: int = RESAMPLES
) -> dict[Key, NDArray[np.float64]]:
    """The mean of each column over the customers as they are, and then over those of each resample.

    Columns have one value per customer; a NaN counts nowhere. The same draws serve all of them.
    """
    values = np.stack(list(columns.values()), axis=1)
    known = ~np.isnan(values)
    above = draw_sums(np.where(known, values, 0.0), seed=seed, resamples=resamples)
    below = draw_sums(known.astype(np.float64), seed=seed, resamples=resamples)
    return dict(zip(columns, divide(above, below).T, strict=True))


def draw_sums(values: NDArray[np.float64], *, seed: int, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Sums of the columns of `values` [customers, columns] over customers who are drawn again.

    The first line is the sum over the customers as they are; one line per resample follows.
    """
    customers = len(values)
    random = np.random.default_rng(seed)
    even = np.full(customers, 1 / customers)
    block = max(1, _BLOCK_WEIGHTS // customers)
    sums = [values.sum(axis=0)[None, :]]
    for first in range(0, resamples, block):
        weights = random.multinomial(customers, even, size=min(block, resamples - first))
        sums.append(weights.astype(np.float64) @ values)
    return np.concatenate(sums)


def interval_of(drawn: NDArray[np.float64]) -> Interval | None:
    """The percentile interval of a statistic whose first value is the measured one; None where it is undefined."""
    if not np.isfinite(drawn).all():
        return None
    low, high = np.quantile(drawn[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(drawn[0]), float(low), float(high))


def divide(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Element by element, NaN where nothing can be divided by."""
    quotients: NDArray[np.float64] = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return quotients
