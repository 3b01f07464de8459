"""Chooses a model's hyper-parameters by what people bought in the weeks before the end of the record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from system.recommender.demand import PLAIN, Choices, choices_of, demand, demand_features, learn_exponents
from system.recommender.evaluation.metrics import Metric, score_lists
from system.recommender.evaluation.splits import Mode, Truth, split_at
from system.recommender.fitting import product_weights
from system.recommender.hyper_parameters import HyperParameters
from system.recommender.recommendation import TOP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from system.recommender.purchases import Purchases

WINDOW_DAYS: Final = 28
WINDOWS: Final = 2
"""Each is what the other one's exponents are judged by."""
HALF_LIVES_DAYS: Final = (30.0, 60.0, 120.0, None)
PENALTIES: Final = (300.0, 1_000.0)
NAME_WEIGHTS: Final = (0.001, 0.003, 0.01)
MAX_PRODUCTS: Final = 3_000
"""So many of the most bought are enough to choose by; the square of their number is what a trial costs."""
MAX_CUSTOMERS: Final = 1_000
MAX_TEACHERS: Final = 600
"""Customers of a window whose choices teach the exponents; seven numbers need no more."""
ENOUGH_CUSTOMERS: Final = 50


@dataclass(frozen=True, slots=True)
class _Occasion:
    """One window: what was known before it, and who bought what in it."""

    past: Purchases
    day: int
    known: sparse.csr_array[np.float32]
    new: Truth
    features: NDArray[np.float32]


def tune(
    purchases: Purchases,
    *,
    day: int,
    described: sparse.csr_array[np.float32] | None = None,
    seed: int,
    on_trial: Callable[[int, int], None] = lambda _done, _of: None,
) -> HyperParameters:
    """The hyper-parameters that did best in the windows that end at `day`; nothing later is looked at.

    The defaults where fewer than ENOUGH_CUSTOMERS bought something new in a window. `on_trial` hears how many
    trials are made, of how many.
    """
    trials = _trials(purchases, day=day, described=described, seed=seed)
    if trials is None:
        return HyperParameters()
    grid = [
        HyperParameters(half_life_days=life, l2=l2, name_weight=0.0) for life, l2 in product(HALF_LIVES_DAYS, PENALTIES)
    ]
    named = 0 if described is None else len(NAME_WEIGHTS)
    best = trials.best(grid, on_trial=lambda done: on_trial(done, len(grid) + named))
    if named:
        with_names = [replace(best, name_weight=weight) for weight in NAME_WEIGHTS]
        best = trials.best([best, *with_names], on_trial=lambda done: on_trial(done, len(grid) + named))
    return trials.finish(best)


def relearn(
    purchases: Purchases,
    *,
    day: int,
    chosen: HyperParameters,
    described: sparse.csr_array[np.float32] | None = None,
    seed: int,
) -> HyperParameters:
    """The same hyper-parameters with what the windows that end at `day` teach of demand."""
    trials = _trials(purchases, day=day, described=described, seed=seed)
    return chosen if trials is None else trials.finish(chosen)


def _trials(
    purchases: Purchases, *, day: int, described: sparse.csr_array[np.float32] | None, seed: int
) -> _Trials | None:
    some = _most_bought(purchases.before(day))
    words = None if described is None else described[np.searchsorted(purchases.product_ids, some.product_ids)]
    occasions = [_occasion(some, day=day - WINDOW_DAYS * (n + 1), seed=seed) for n in range(WINDOWS)]
    usable = [occasion for occasion in occasions if occasion]
    return _Trials(usable, words) if len(usable) == WINDOWS else None


def _most_bought(past: Purchases) -> Purchases:
    """The record of the products with most buyers."""
    buyers = past.buyers()
    kept = np.sort(np.argsort(-buyers, kind="stable")[:MAX_PRODUCTS])
    row = np.full(len(buyers), -1, dtype=np.int32)
    row[kept] = np.arange(len(kept))
    lines = row[past.product] >= 0
    return replace(
        past,
        product_ids=past.product_ids[kept],
        product=row[past.product[lines]],
        user=past.user[lines],
        day=past.day[lines],
    )


def _occasion(some: Purchases, *, day: int, seed: int) -> _Occasion | None:
    """The window that begins at `day`, for a sample of those who bought something new; None for too few of them."""
    split = split_at(some, day=day, days=WINDOW_DAYS)
    truth = split.truth(Mode.NEW_ONLY)
    if len(truth) < ENOUGH_CUSTOMERS:
        return None
    new = truth.sample(most=MAX_CUSTOMERS, seed=seed)
    known = sparse.csr_array(split.bought[new.users])
    return _Occasion(split.past, day, known, new, demand_features(split.past, day=day))


class _Trials:
    """What each choice would have scored; every trial is made once."""

    def __init__(self, occasions: Sequence[_Occasion], described: sparse.csr_array[np.float32] | None) -> None:
        self._occasions = occasions
        self._described = described
        self._quality: dict[HyperParameters, float] = {}
        self._learned: tuple[float, ...] = PLAIN

    def best(self, choices: Sequence[HyperParameters], *, on_trial: Callable[[int], None]) -> HyperParameters:
        """The one with the best mean NDCG@5 of products that are new to the customer."""
        for chosen in choices:
            self._try(chosen)
            on_trial(len(self._quality))
        return max(choices, key=self._try)

    def finish(self, chosen: HyperParameters) -> HyperParameters:
        """The same with the exponents that all windows together teach, and the weight of buying again."""
        scores = [self._scores(occasion, chosen) for occasion in self._occasions]
        choices = [_choices(occasion, s) for occasion, s in zip(self._occasions, scores, strict=True)]
        chosen = replace(chosen, exponents=learn_exponents(choices, near=self._learned))
        return replace(chosen, buy_again_weight=self._buy_again_weight(chosen, scores))

    def _buy_again_weight(self, chosen: HyperParameters, scores: Sequence[NDArray[np.float32]]) -> float:
        """A purchase as such against what the others say: a quarter of what the best recommendation has."""
        tops = [
            (rows * demand(occasion.features, exponents=chosen.exponents)).max(axis=1)
            for occasion, rows in zip(self._occasions, scores, strict=True)
        ]
        return round(float(np.median(np.concatenate(tops))) / 4, 6)

    def _try(self, chosen: HyperParameters) -> float:
        if chosen not in self._quality:
            scores = [self._scores(occasion, chosen) for occasion in self._occasions]
            choices = [_choices(occasion, s) for occasion, s in zip(self._occasions, scores, strict=True)]
            qualities = [self._judge(at, scores[at], choices) for at in range(len(scores))]
            self._quality[chosen] = float(np.mean(qualities))
        return self._quality[chosen]

    def _judge(self, at: int, scores: NDArray[np.float32], choices: Sequence[Choices]) -> float:
        """NDCG@5 in one window with what the others teach."""
        others = [*choices[:at], *choices[at + 1 :]]
        self._learned = learn_exponents(others, near=self._learned)
        return _ndcg(self._occasions[at], scores, exponents=self._learned)

    def _scores(self, occasion: _Occasion, chosen: HyperParameters) -> NDArray[np.float32]:
        """[customer, product], 0 for what the customer has bought before."""
        weights = product_weights(occasion.past, day=occasion.day, parameters=chosen, described=self._described)
        scores: NDArray[np.float32] = np.maximum(np.asarray(occasion.known @ weights), 0.0)
        scores[occasion.known.nonzero()] = 0.0
        return scores


def _choices(occasion: _Occasion, scores: NDArray[np.float32]) -> Choices:
    some = slice(None, None, -(-len(scores) // MAX_TEACHERS))
    return choices_of(scores[some], occasion.new.bought[some].toarray() > 0, features=occasion.features)


def _ndcg(occasion: _Occasion, scores: NDArray[np.float32], *, exponents: tuple[float, ...]) -> float:
    ranks = scores * demand(occasion.features, exponents=exponents)
    best = np.argpartition(-ranks, TOP - 1, axis=1)[:, :TOP]
    order = np.argsort(-np.take_along_axis(ranks, best, axis=1), axis=1, kind="stable")
    lists = np.take_along_axis(best, order, axis=1).astype(np.int32)
    return float(score_lists(lists, occasion.new)[Metric.NDCG].mean())
