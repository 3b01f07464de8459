"""How good a list of five is for one customer: recall, NDCG and whether anything was hit, all from 0 to 1."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from system.recommender.evaluation.ranking import NOTHING
from system.recommender.recommendation import TOP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from system.recommender.evaluation.splits import Truth

DISCOUNTS: Final = 1 / np.log2(np.arange(2, TOP + 2))
"""What a hit on each of the five places counts."""


class Metric(StrEnum):
    """Metrics of one customer, by the names that they have in cards and reports."""

    NDCG = "ndcg_at_5"
    RECALL = "recall_at_5"
    HIT_RATE = "hit_rate_at_5"


def score_lists(best: NDArray[np.int32], truth: Truth) -> dict[str, NDArray[np.float64]]:
    """One value per metric and customer; `best` [users, 5] is parallel to `truth.users` and repeats no product."""
    hits, sizes = find_hits(best, truth), truth.sizes
    ideal = np.cumsum(DISCOUNTS)[np.minimum(sizes, TOP) - 1]
    values = (hits @ DISCOUNTS / ideal, hits.sum(axis=1) / sizes, hits.any(axis=1))
    return {metric: value.astype(np.float64) for metric, value in zip(Metric, values, strict=True)}


def find_hits(best: NDArray[np.int32], truth: Truth) -> NDArray[np.bool_]:
    """Which places of each list were bought."""
    products = truth.bought.shape[1]
    lines, columns = truth.bought.nonzero()
    there = lines.astype(np.int64) * products + columns
    asked = np.arange(len(best), dtype=np.int64)[:, None] * products + best
    hits: NDArray[np.bool_] = np.isin(asked, there) & (best != NOTHING)
    return hits
