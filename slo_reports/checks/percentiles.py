"""Percentiles of a column with their order-statistic intervals, computed where the values are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slo_reports.intervals import percentile_rank, percentile_ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.tables import Run


@dataclass(frozen=True, kw_only=True)
class Percentile:
    """One percentile of n values."""

    value: float
    interval: tuple[float, float]
    n: int


def percentile(run: Run, values: str, share: float, *, uses: Sequence[str]) -> Percentile | None:
    """Of the column `value` of a statement, by rank and without interpolation; None of nothing."""
    (n,) = run.one(f"SELECT count(value) FROM ({values})", uses=uses)  # noqa: S608  # statements of the checks
    if not n:
        return None
    ranks = (*percentile_ranks(n, share), percentile_rank(n, share))
    # Half a rank below, so that rounding can't lead to the next one.
    places = ", ".join(repr((rank - 0.5) / n) for rank in ranks)
    ((low, high, value),) = run.one(f"SELECT quantile_disc(value, [{places}]) FROM ({values})", uses=uses)  # noqa: S608  # same
    return Percentile(value=float(value), interval=(float(low), float(high)), n=n)
