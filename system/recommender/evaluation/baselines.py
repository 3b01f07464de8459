"""What a model has to beat: popular products, what the customer buys most, and plain cosine between products."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from system.recommender.ease import DENSE_PRODUCTS
from system.recommender.evaluation.ranking import ScoreRanker
from system.recommender.evaluation.splits import Mode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from system.recommender.evaluation.splits import Split

RECENT_DAYS: Final = 14
DECAY_DAYS: Final = 90.0


class Baseline(StrEnum):
    """The baselines by the names that they have in cards and reports."""

    POPULAR = "popular"
    POPULAR_14D = "popular_14d"
    FREQUENCY = "frequency"
    FREQUENCY_90D = "frequency_90d"
    COSINE = "cosine"


def baselines(split: Split, *, mode: Mode) -> dict[str, ScoreRanker]:
    """All that make sense; what a customer buys most says nothing about products that are new to them."""
    found: dict[str, ScoreRanker] = {
        Baseline.POPULAR_14D: popular_ranker(split, days=RECENT_DAYS),
        Baseline.COSINE: cosine_ranker(split),
        Baseline.POPULAR: popular_ranker(split),
    }
    if mode is Mode.BUY_AGAIN:
        found[Baseline.FREQUENCY] = frequency_ranker(split)
        found[Baseline.FREQUENCY_90D] = frequency_ranker(split, decay_days=DECAY_DAYS)
    return found


def popular_ranker(split: Split, *, days: int | None = None) -> ScoreRanker:
    """The products with the most buyers in the last `days`, or ever; among equals those with more buyers ever."""
    likes = _popularity(split, days=days)
    return ScoreRanker(lambda users: np.tile(likes, (len(users), 1)), bought=split.bought)


def frequency_ranker(split: Split, *, decay_days: float | None = None) -> ScoreRanker:
    """What the customer bought most often, then recently popular products.

    With `decay_days`, a purchase of that many days ago counts 1/e of one of yesterday.
    """
    past = split.past
    weights = np.ones(len(past)) if decay_days is None else np.exp((past.day - split.first_day) / decay_days)
    counts = sparse.csr_array((weights, (past.user, past.product)), shape=split.bought.shape)
    share = 0.5 if decay_days is None else 0.001  # less than any difference between purchases that matters
    popular = _popularity(split, days=RECENT_DAYS) * np.float32(share)
    return ScoreRanker(lambda users: counts[users].toarray().astype(np.float32) + popular, bought=split.bought)


def cosine_ranker(split: Split) -> ScoreRanker:
    """The sum of the cosines between a product's buyers and those of each product that the customer bought.

    Nothing is pruned, and a product does not speak for itself.
    """
    bought = split.bought
    normal = normal_columns(bought)
    if bought.shape[1] > DENSE_PRODUCTS:
        return ScoreRanker(lambda users: _cosine_sums(normal, bought[users]), bought=bought)
    cosines = (normal.T @ normal).toarray()
    np.fill_diagonal(cosines, 0.0)
    return ScoreRanker(lambda users: bought[users] @ cosines, bought=bought)


def normal_columns(bought: sparse.csr_array[np.float32]) -> sparse.csr_array[np.float32]:
    """Each product's buyers as a column of length 1; zeros where there are none."""
    buyers: NDArray[np.float32] = np.asarray(bought.sum(axis=0)).ravel()
    return sparse.csr_array(bought @ sparse.diags_array(1 / np.sqrt(np.maximum(buyers, 1)), dtype=np.float32))


def _cosine_sums(normal: sparse.csr_array[np.float32], histories: sparse.csr_array[np.float32]) -> NDArray[np.float32]:
    """The same sums without the matrix of all cosines: through the buyers."""
    by_buyer = normal @ histories.T.toarray()
    sums: NDArray[np.float32] = (normal.T @ by_buyer).T - histories.toarray()
    return sums


def popular_order(split: Split, *, days: int | None = None) -> NDArray[np.int64]:
    """The rows of whatever was ever bought: most buyers in the last `days` first, among equals most buyers ever."""
    ever: NDArray[np.float32] = np.asarray(split.bought.sum(axis=0)).ravel()
    lately = ever if days is None else split.past.between(split.first_day - days, split.first_day).buyers()
    order = np.lexsort((np.arange(len(ever)), -ever, -lately))
    return order[ever[order] > 0]


def _popularity(split: Split, *, days: int | None) -> NDArray[np.float32]:
    """A score above 0 for whatever was ever bought, each another one: no list depends on how ties are broken."""
    order = popular_order(split, days=days)
    likes = np.zeros(split.bought.shape[1], dtype=np.float32)
    likes[order] = np.arange(len(order), 0, -1) / len(likes)
    return likes
