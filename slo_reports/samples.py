"""Samples of one number of a run, and how far that number would move if the same run were drawn again (bootstrap)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS: Final = 2_000
MAX_UNITS: Final = 5_000
"""Ratios of more units than this are first added up in groups of neighbours, so that memory stays bounded."""


class Sample(Protocol):
    """What a number was computed from."""

    @property
    def n(self) -> int:
        """How many units it was computed from."""

    @property
    def value(self) -> float:
        """The number; NaN when there is nothing to compute it from."""

    def draw(self, random: np.random.Generator) -> NDArray[np.float64] | None:
        """`DRAWS` values of resampled runs; None when one unit is all there is."""


@dataclass(frozen=True)
class Ratio:
    """The sum of one column over the sum of another; a unit is one row (a second, a job)."""

    numerators: NDArray[np.float64]
    denominators: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.numerators)

    @property
    def value(self) -> float:
        """Sum over sum."""
        below = float(self.denominators.sum())
        return float(self.numerators.sum()) / below if below else math.nan

    def draw(self, random: np.random.Generator) -> NDArray[np.float64] | None:
        """Rows drawn with replacement."""
        above, below = _grouped(self.numerators), _grouped(self.denominators)
        if len(above) < 2:  # noqa: PLR2004  # one unit has no spread
            return None
        chosen = (random.integers(0, len(above), len(above)) for _ in range(DRAWS))
        return np.array([above[rows].sum() / max(below[rows].sum(), 1e-12) for rows in chosen])


@dataclass(frozen=True)
class Share:
    """How many of how many; a share of zero is drawn as one that may be small, not as one that is known to be zero."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.count / self.n if self.n else math.nan

    def draw(self, random: np.random.Generator) -> NDArray[np.float64] | None:
        """Jeffreys: Beta(count + 1/2, n - count + 1/2)."""
        return random.beta(self.count + 0.5, self.n - self.count + 0.5, DRAWS) if self.n else None


@dataclass(frozen=True)
class Percentile:
    """The value below which a share of all values lies; units are the values, infinite for what never came."""

    values: NDArray[np.float64]
    """Sorted."""
    share: float

    @property
    def n(self) -> int:
        """Values."""
        return len(self.values)

    @property
    def value(self) -> float:
        """The order statistic of rank ⌈share · n⌉."""
        return float(self.values[self._rank - 1]) if self.n else math.nan

    def draw(self, random: np.random.Generator) -> NDArray[np.float64] | None:
        """The k-th of n values drawn with replacement stands at a Beta(k, n - k + 1) share of them: no sorting."""
        if self.n < 2:  # noqa: PLR2004  # one unit has no spread
            return None
        places = random.beta(self._rank, self.n - self._rank + 1, DRAWS) * self.n
        return np.asarray(self.values[np.minimum(places.astype(np.int64), self.n - 1)])

    @property
    def _rank(self) -> int:
        return max(1, math.ceil(round(self.share * self.n, 6)))


@dataclass(frozen=True)
class Single:
    """A number that a run has only once, such as the seconds to recover from its one outage."""

    value: float
    n: int = 1

    def draw(self, _random: np.random.Generator) -> NDArray[np.float64] | None:
        """One value has no spread that could be known."""
        return None


def _grouped(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(values) <= MAX_UNITS:
        return values
    edges = np.linspace(0, len(values), MAX_UNITS, endpoint=False).astype(np.int64)
    return np.asarray(np.add.reduceat(values, edges))
