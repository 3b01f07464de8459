"""A split by time: what was known before a day, and what each customer bought in the days that follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from system.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from system.recommender.purchases import Purchases


_EPOCH: Final = date(1970, 1, 1)


class Mode(StrEnum):
    """Which purchases count."""

    NEW_ONLY = "new_only"  # products that the customer never bought before; bought ones are not recommended
    BUY_AGAIN = "buy_again"  # everything


@dataclass(frozen=True, slots=True)
class Truth:
    """What the customers with a history bought in the window; those who bought nothing that counts are left out."""

    users: NDArray[np.int32]
    """Rows of `Purchases.user_ids`, ascending."""
    bought: sparse.csr_array[np.float32]
    """One line for each of `users`: 1 where bought."""

    def __len__(self) -> int:
        return len(self.users)

    def sample(self, *, most: int, seed: int) -> Truth:
        """At most so many of the customers, drawn at random."""
        if len(self) <= most:
            return self
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self))[:most])
        return Truth(self.users[chosen], sparse.csr_array(self.bought[chosen]))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many products each of them bought."""
        return np.diff(self.bought.indptr).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Split:
    """The record before `first_day`, and who bought what from then to before `end_day`."""

    past: Purchases
    bought: sparse.csr_array[np.float32]
    later: sparse.csr_array[np.float32]
    first_day: int
    end_day: int

    def truth(self, mode: Mode) -> Truth:
        """What a list of five is compared with."""
        later = self.later.copy()
        if mode is Mode.NEW_ONLY:
            later = sparse.csr_array(later - later.multiply(self.bought))
            later.eliminate_zeros()
        users = np.flatnonzero((np.diff(later.indptr) > 0) & (np.diff(self.bought.indptr) > 0)).astype(np.int32)
        return Truth(users, sparse.csr_array(later[users]))

    def window(self) -> dict[str, str]:
        """First and last day of the window, as dates."""
        return {"first_day": day_name(self.first_day), "last_day": day_name(self.end_day - 1)}

    def customers(self) -> NDArray[np.int32]:
        """The rows of everybody who bought something before the window."""
        return np.flatnonzero(np.diff(self.bought.indptr)).astype(np.int32)


def day_name(day: int) -> str:
    """A day since 1970 as an ISO date."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def split_at(purchases: Purchases, *, day: int, days: int) -> Split:
    """What was bought before `day` against the `days` from then on."""
    past = purchases.before(day)
    return Split(past, past.matrix(), purchases.between(day, day + days).matrix(), day, day + days)


def split_last(purchases: Purchases, *, days: int) -> Split:
    """The newest `days` of the record as the window; raises InputError when nothing was bought before them."""
    if not len(purchases):
        raise InputError(
            field="orders",
            value=0,
            problem="leave nothing to evaluate",
            remedy="Run `steadypost import online-retail FILE` or `steadypost population generate` first.",
        )
    found = split_at(purchases, day=purchases.end_day - days, days=days)
    if not len(found.past):
        span = purchases.end_day - purchases.first_day
        raise InputError(
            field="test_days",
            value=days,
            problem=f"leave nothing to learn from: the orders span {span} days",
            remedy="Choose a shorter window.",
        )
    return found
