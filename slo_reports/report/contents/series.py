"""Rows of (bucket, name, value) as series over the timeline's buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.report.contents.clock import RunClock

DECIMALS: Final = 2


@dataclass(frozen=True)
class Bucketed:
    """Rows as SQL returned them."""

    rows: Sequence[tuple[int, str, Any]]
    clock: RunClock
    sampled: frozenset[int] = frozenset()
    """Buckets in which a name without a row means zero, not unknown."""
    carried: int = 0
    """For how many buckets a value holds when the next sample is late."""


def series_of(found: Bucketed, *, order: Sequence[str], gap: float | None = None) -> list[dict[str, Any]]:
    """One series per name in `order` that occurs; `gap` fills a bucket without a row."""
    names = {name for _, name, _ in found.rows}
    values = {name: _blank(found, gap) for name in order if name in names}
    for bucket, name, value in found.rows:
        if name in values and 0 <= bucket < found.clock.points:
            values[name][bucket] = _rounded(value)
    return [{"name": name, "values": _carried(those, found.carried)} for name, those in values.items()]


def _blank(found: Bucketed, gap: float | None) -> list[Any]:
    return [0 if bucket in found.sampled else gap for bucket in range(found.clock.points)]


def _carried(values: list[Any], buckets: int) -> list[Any]:
    """Without the gaps that only show that the sampler's clock is not the timeline's."""
    filled, last, age = [], None, 0
    for value in values:
        last, age = (value, 0) if value is not None else (last, age + 1)
        filled.append(last if age <= buckets else None)
    return filled


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, DECIMALS)
    return value
