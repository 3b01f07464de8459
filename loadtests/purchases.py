"""Invented purchases in the shape of a real shop's: few products sell most, people have a taste and buy again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Habits:
    """How people shop; the defaults imitate Online Retail II with smaller baskets."""

    mean_baskets: float = 4.0
    mean_basket_products: float = 5.0
    never_bought: float = 0.03
    bought_again: float = 0.2
    follows_taste: float = 0.75
    zipf_exponent: float = 0.8
    products_per_taste: int = 60
    days: int = 730


@dataclass(frozen=True, slots=True)
class Assortment:
    """Which products share a taste, and how much each is in demand; products are numbered from 0."""

    habits: Habits
    by_taste: NDArray[np.int64]
    taste_starts: NDArray[np.int64]
    demand: NDArray[np.float64]
    """Cumulated over `by_taste`, from 0 to 1."""

    @classmethod
    def plan(cls, rng: np.random.Generator, *, products: int, habits: Habits) -> Self:
        """Spread the products over tastes at random; product 0 is the most wanted of all."""
        tastes = max(1, products // habits.products_per_taste)
        by_taste = rng.permutation(products)
        weight = 1.0 / (1.0 + by_taste) ** habits.zipf_exponent
        demand = np.concatenate([[0.0], np.cumsum(weight / weight.sum())])
        demand[-1] = 1.0
        return cls(habits, by_taste, np.linspace(0, products, tastes + 1).astype(np.int64), demand)

    def tastes(self) -> NDArray[np.int64]:
        """The taste of each product, in the order of the products."""
        taste = np.empty(len(self.by_taste), dtype=np.int64)
        sizes = np.diff(self.taste_starts)
        taste[self.by_taste] = np.repeat(np.arange(len(sizes)), sizes)
        return taste


@dataclass(frozen=True, slots=True)
class Purchases:
    """Parallel arrays, one line per bought product; `user` counts from 0, `age_s` before the end of the record."""

    user: NDArray[np.int64]
    product: NDArray[np.int64]
    age_s: NDArray[np.int64]


def invent_purchases(rng: np.random.Generator, *, users: int, assortment: Assortment) -> Purchases:
    """What `users` people bought, ordered by user and then from the oldest to the newest basket."""
    habits = assortment.habits
    baskets = rng.geometric(1.0 / habits.mean_baskets, size=users)
    baskets[rng.random(users) < habits.never_bought] = 0
    basket_user = np.repeat(np.arange(users), baskets)
    basket_age_s = _basket_ages(rng, basket_user=basket_user, days=habits.days)
    sizes = _basket_sizes(rng, baskets=len(basket_user), mean=habits.mean_basket_products)
    user = np.repeat(basket_user, sizes)
    product = _choose(rng, user=user, users=users, assortment=assortment)
    return Purchases(
        user, _repeat_earlier(rng, user=user, product=product, habits=habits), np.repeat(basket_age_s, sizes)
    )


def _basket_sizes(rng: np.random.Generator, *, baskets: int, mean: float) -> NDArray[np.int64]:
    """Log-normal, as baskets are: mostly small, a few very large."""
    sigma = 0.8
    sizes = rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, size=baskets)
    return np.maximum(1, np.rint(sizes)).astype(np.int64)


def _basket_ages(rng: np.random.Generator, *, basket_user: NDArray[np.int64], days: int) -> NDArray[np.int64]:
    """Oldest first within each user, in shop hours."""
    day = rng.integers(0, days, size=len(basket_user))
    order = np.lexsort((-day, basket_user))
    return day[order] * DAY_S + rng.integers(2 * 3600, 16 * 3600, size=len(basket_user))


def _choose(
    rng: np.random.Generator, *, user: NDArray[np.int64], users: int, assortment: Assortment
) -> NDArray[np.int64]:
    """One product per line by demand, most of them within the user's taste."""
    tastes = len(assortment.taste_starts) - 1
    taste = rng.integers(0, tastes, size=users)[user]
    low = assortment.demand[assortment.taste_starts[taste]]
    high = assortment.demand[assortment.taste_starts[taste + 1]]
    elsewhere = rng.random(len(user)) >= assortment.habits.follows_taste
    low[elsewhere], high[elsewhere] = 0.0, 1.0
    at = low + rng.random(len(user)) * (high - low)
    place = np.searchsorted(assortment.demand, at, side="right") - 1
    return assortment.by_taste[np.minimum(place, len(assortment.by_taste) - 1)]


def _repeat_earlier(
    rng: np.random.Generator, *, user: NDArray[np.int64], product: NDArray[np.int64], habits: Habits
) -> NDArray[np.int64]:
    """Let some lines take the product of an earlier line of the same user."""
    line = np.arange(len(user))
    first_line = np.searchsorted(user, user, side="left")
    again = (rng.random(len(user)) < habits.bought_again) & (line > first_line)
    source = np.where(again, first_line + (rng.random(len(user)) * (line - first_line)).astype(np.int64), line)
    while again[source].any():  # an earlier line may itself repeat a still earlier one
        source = source[source]
    return product[source]
