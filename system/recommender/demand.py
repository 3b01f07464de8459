"""How much a product is wanted now, learned from what people bought next: a power of each of its counts of buyers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from system.recommender.purchases import Purchases

WINDOWS_DAYS: Final = (7, 14, 28, 56, 112)
FEATURES: Final = (*(f"buyers_{days}d" for days in WINDOWS_DAYS), "buyers_ever", "days_on_sale")
PLAIN: Final = (0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0)
"""Buyers of the last four weeks against buyers ever: where there is too little to learn from."""
MAX_DAYS_ON_SALE: Final = 365
CANDIDATES: Final = 1_000
"""Fewer, chosen by what sells already, would hide how much more is sold of what is new."""
_PULL: Final = 3.0  # how many users' evidence the plain exponents weigh
_STEPS: Final = 25
_LONGEST_STEP: Final = 1.0
_NEAR_ENOUGH: Final = 1e-3
_LEAST_TRUST: Final = 0.25  # the history's score never counts for less than this power of it


def demand_features(purchases: Purchases, *, day: int) -> NDArray[np.float32]:
    """Products x FEATURES, each the logarithm of one more than the count, as known at the start of `day`."""
    past = purchases.before(day)
    counts = [past.between(day - days, day).buyers() for days in WINDOWS_DAYS]
    return np.log1p(np.stack([*counts, past.buyers(), _days_on_sale(past, day=day)], axis=1)).astype(np.float32)


def _days_on_sale(past: Purchases, *, day: int) -> NDArray[np.int64]:
    first = np.full(len(past.product_ids), day, dtype=np.int64)
    np.minimum.at(first, past.product, past.day)
    return np.minimum(day - first, MAX_DAYS_ON_SALE)


def demand(features: NDArray[np.float32], *, exponents: Sequence[float]) -> NDArray[np.float32]:
    """One factor per product, 1 for the one most wanted."""
    logs: NDArray[np.float32] = features @ np.asarray(exponents, dtype=np.float32)
    factors: NDArray[np.float32] = np.exp(logs - logs.max())
    return factors


@dataclass(frozen=True, slots=True)
class Choices:
    """What some people could choose from, one after the other; `starts` says where each begins.

    `given` is the products' features and, last, the logarithm of what the person's history says of them; `chosen`
    shares of 1 over what they took.
    """

    given: NDArray[np.float64]
    chosen: NDArray[np.float64]
    starts: NDArray[np.int64]


def choices_of(scores: NDArray[np.float32], taken: NDArray[np.bool_], *, features: NDArray[np.float32]) -> Choices:
    """The best CANDIDATES of each person's scores [person, product], with what was taken of them.

    A score of 0 or less stands for a product that could not be chosen; people who took none are left out.
    """
    keep = min(CANDIDATES, scores.shape[1])
    ranks = scores * demand(features, exponents=PLAIN)
    best = np.argpartition(-ranks, keep - 1, axis=1)[:, :keep]
    value, took = np.take_along_axis(scores, best, axis=1), np.take_along_axis(taken, best, axis=1)
    took &= value > 0
    able = (value > 0) & took.any(axis=1, keepdims=True)
    share = took / np.maximum(took.sum(axis=1, keepdims=True), 1)
    sizes = able.sum(axis=1)
    starts = np.concatenate([[0], np.cumsum(sizes[sizes > 0])[:-1]])
    given = np.column_stack([features[best[able]], np.log(value[able])]).astype(np.float64)
    return Choices(given, share[able], starts)


def learn_exponents(occasions: Sequence[Choices], *, near: Sequence[float] = PLAIN) -> tuple[float, ...]:
    """The exponents under which people's choices are most likely: a conditional logit (McFadden 1974).

    The history's score has an exponent too; dividing by it leaves the order alone and the score as it is. The search
    begins `near` some exponents: the nearer they are, the sooner it ends.
    """
    known = [occasion for occasion in occasions if len(occasion.chosen)]
    if not known:
        return tuple(PLAIN)
    found = _descend(known, start=np.array([*near, 1.0]))
    return tuple(round(float(value / found[-1]), 4) for value in found[:-1])


def _descend(occasions: Sequence[Choices], *, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's steps: the logit is convex and has eight unknowns, so that five or six of them arrive."""
    exponents = start
    for _ in range(_STEPS):
        parts = [_slopes(occasion, exponents) for occasion in occasions]
        gradient = np.sum([part[0] for part in parts], axis=0) + 2 * _PULL * (exponents - _START)
        curvature = np.sum([part[1] for part in parts], axis=0) + 2 * _PULL * np.eye(len(start))
        step = np.linalg.solve(curvature, gradient)
        exponents = exponents - step / max(1.0, float(np.abs(step).max()) / _LONGEST_STEP)
        exponents[-1] = max(exponents[-1], _LEAST_TRUST)
        if np.abs(step).max() < _NEAR_ENOUGH:
            break
    return exponents


def _slopes(occasion: Choices, exponents: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and second derivative of minus the logarithm of the choices' likelihood."""
    given, starts = occasion.given, occasion.starts
    sizes = np.diff(np.append(starts, len(given)))
    odds = given @ exponents
    odds -= np.repeat(np.maximum.reduceat(odds, starts), sizes)
    np.exp(odds, out=odds)
    odds /= np.repeat(np.add.reduceat(odds, starts), sizes)
    expected = odds[:, None] * given
    means = np.add.reduceat(expected, starts, axis=0)
    return (odds - occasion.chosen) @ given, given.T @ expected - means.T @ means


_START: Final = np.array([*PLAIN, 1.0])
