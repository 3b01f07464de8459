"""Compares a run with a baseline: what changed beyond the noise of either, and beyond what matters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from slo_reports.comparability import differences
from slo_reports.quantities import QUANTITIES, Quantity, sample_of

if TYPE_CHECKING:
    from slo_reports.samples import Sample
    from slo_reports.tables import Run

SEED: Final = 1
SAME, BETTER, WORSE, INCONCLUSIVE = "same", "better", "worse", "inconclusive"


class IncomparableError(Exception):
    """Raised for two runs that were not meant to show the same thing."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One row a quantity, and what was not the same around the two runs."""

    run_id: str
    baseline_id: str
    rows: list[dict[str, Any]]
    """`{name, unit, baseline, value, delta, interval: [lo, hi] or null, verdict}`."""
    differences: list[str]
    """Of machine, durability and noise: with any of these, better and worse become inconclusive."""

    @property
    def regressed(self) -> list[str]:
        """What became worse."""
        return [row["name"] for row in self.rows if row["verdict"] == WORSE]


def compare(run: Run, baseline: Run, *, force: bool = False, seed: int = SEED) -> Comparison:
    """IncomparableError for different profiles, unless forced; the same seed draws the same intervals."""
    theirs, ours = baseline.facts.get("profile"), run.facts.get("profile")
    if theirs != ours and not force:
        raise IncomparableError(
            f"profile is {ours!r} here and {theirs!r} in the baseline: they show different things. "
            "Choose a baseline of the same profile, or say --force."
        )
    different = differences(run.facts, baseline.facts)
    random = np.random.default_rng(seed)
    rows = [_row(quantity, run, baseline, random=random, softened=bool(different)) for quantity in QUANTITIES]
    return Comparison(
        run_id=str(run.facts.get("run_id", run.folder.path.name)),
        baseline_id=str(baseline.facts.get("run_id", baseline.folder.path.name)),
        rows=rows,
        differences=different,
    )


def _row(quantity: Quantity, run: Run, baseline: Run, *, random: np.random.Generator, softened: bool) -> dict[str, Any]:
    here, there = sample_of(quantity, run), sample_of(quantity, baseline)
    row = {
        "name": quantity.name,
        "unit": quantity.unit,
        "baseline": _finite(there.value if there else None),
        "value": _finite(here.value if here else None),
        "delta": None,
        "interval": None,
        "verdict": INCONCLUSIVE,
    }
    if here is None or there is None:
        return row
    interval = _interval(here, there, random)
    verdict = _verdict(quantity, here.value, there.value, interval)
    return row | {
        "delta": _finite(here.value - there.value),
        "interval": None if interval is None else [_finite(bound) for bound in interval],
        "verdict": INCONCLUSIVE if softened and verdict != SAME else verdict,
    }


def _interval(here: Sample, there: Sample, random: np.random.Generator) -> tuple[float, float] | None:
    """95 % of the deltas between redrawn runs; None when either has only one value."""
    ours, theirs = here.draw(random), there.draw(random)
    if ours is None or theirs is None:
        return None
    with np.errstate(invalid="ignore"):  # infinite in both: no delta can be known
        low, high = np.quantile(ours - theirs, [0.025, 0.975])
    return float(low), float(high)


def _verdict(quantity: Quantity, value: float, baseline: float, interval: tuple[float, float] | None) -> str:
    """A single value has no interval: then what matters decides alone."""
    delta = value - baseline
    limit = quantity.matters * (abs(baseline) if quantity.relative else 1.0)
    if math.isnan(delta) or abs(delta) <= limit:
        return SAME
    if interval is not None and not (interval[0] > 0 or interval[1] < 0):
        return SAME
    return BETTER if (delta > 0) == (quantity.better == "higher") else WORSE


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 6)
