"""What a comparison says in one sentence: whether the model may be used, and whether it meets its targets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from system.recommender.evaluation.baselines import Baseline
from system.recommender.evaluation.metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(StrEnum):
    """The model against recently popular products, by NDCG@5 on products that are new to the customer."""

    BETTER = "better"
    UNCLEAR = "unclear"  # the interval of the difference holds 0, or too few customers bought something
    WORSE = "worse"  # refused for activation


@dataclass(frozen=True, slots=True)
class Target:
    """At least so many times a baseline."""

    metric: Metric
    against: Baseline
    times: float


TARGETS: Final = (
    Target(Metric.NDCG, Baseline.COSINE, 2.5),
    Target(Metric.NDCG, Baseline.POPULAR_14D, 1.7),
    Target(Metric.RECALL, Baseline.COSINE, 2.5),
    Target(Metric.RECALL, Baseline.POPULAR_14D, 1.7),
)


def judge(differences: Mapping[str, Any], *, enough: bool = True) -> Outcome:
    """`differences` as in a card: by baseline and metric, the model's lead with its interval."""
    lead = (differences.get(Baseline.POPULAR_14D) or {}).get(Metric.NDCG)
    if lead is None or not enough:
        return Outcome.UNCLEAR
    if lead["high"] < 0:
        return Outcome.WORSE
    return Outcome.BETTER if lead["low"] > 0 else Outcome.UNCLEAR


def check_targets(ratios: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For JSON: each target with the measured ratio; it is met when the ratio itself reaches it."""
    return [
        {
            "metric": str(target.metric),
            "against": str(target.against),
            "times": target.times,
            "measured": measured,
            "met": measured is not None and measured["value"] >= target.times,
        }
        for target in TARGETS
        for measured in [(ratios.get(target.against) or {}).get(target.metric)]
    ]
