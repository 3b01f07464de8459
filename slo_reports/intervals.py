"""How far a measured number can be trusted: 95 % intervals of shares, percentiles, counts of zero and differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 2_000


def _statistics() -> ModuleType:
    from scipy import stats  # noqa: PLC0415  # it imports for seconds, and every command finds this file

    return stats


def wilson(found: int, n: int) -> tuple[float, float]:
    """Of a share; (0, 1) when nothing was looked at."""
    if not n:
        return 0.0, 1.0
    interval = _statistics().binomtest(found, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def rule_of_three(n: int) -> tuple[float, float]:
    """Of a share of which none was found in n: 3/N bounds it from above."""
    return 0.0, min(1.0, 3 / n) if n else 1.0


def percentile_rank(n: int, share: float) -> int:
    """The 1-based rank of a percentile in n ordered values: the smallest that at least `share` of all don't exceed."""
    return max(1, int(np.ceil(np.round(n * share, 9))))


def percentile_ranks(n: int, share: float) -> tuple[int, int]:
    """The 1-based ranks between which the true percentile lies, whatever the distribution (order statistics)."""
    tail = (1 - CONFIDENCE) / 2
    low, high = (float(_statistics().binom.ppf(place, n, share)) for place in (tail, 1 - tail))
    return max(1, int(low)), min(n, int(high) + 1)


def bootstrap_difference(
    new: Sequence[float], old: Sequence[float], *, seed: int, share: float | None = None
) -> tuple[float, float]:
    """Of the difference of two means, or of two percentiles when `share` is given."""

    def difference(new_values: np.ndarray, old_values: np.ndarray, axis: int = -1) -> np.ndarray:
        if share is None:
            return np.asarray(np.mean(new_values, axis=axis) - np.mean(old_values, axis=axis))
        return np.asarray(np.quantile(new_values, share, axis=axis) - np.quantile(old_values, share, axis=axis))

    result = _statistics().bootstrap(
        (np.asarray(new, dtype=float), np.asarray(old, dtype=float)),
        difference,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
        batch=64,
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
