"""The model as campaigns use it: histories of the record through the very ONNX graph that workers run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from system.recommender.evaluation.baselines import RECENT_DAYS, popular_order
from system.recommender.evaluation.ranking import NOTHING
from system.recommender.recommendation import TOP
from system.recommender.shelf import History, Shelf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from system.recommender.evaluation.splits import Split
    from system.recommender.purchases import Purchases
    from system.recommender.recommendation import Recommendation

BLOCK_USERS: Final = 4_096


class Recommends(Protocol):
    """What of the scorer is needed here."""

    def recommend(
        self, histories: Mapping[int, History], *, shelf: Shelf, buy_again: bool = False
    ) -> dict[int, Recommendation]:
        """Up to five products for each user."""


class ModelRanker:
    """Recommends from what was bought before a split; nothing is out of stock and no rule of a newsletter applies."""

    def __init__(self, scorer: Recommends, split: Split, *, shelf: Shelf | None = None) -> None:
        """Whom the model knows nothing for gets recently popular products, as in a campaign.

        Without a `shelf` everything is on it that was sold before the split.
        """
        self._scorer = scorer
        self._product_ids = split.past.product_ids
        self._bought = _Bought(split.past)
        # What was never sold before may be in the catalogue only because it sold later.
        sold = self._product_ids[popular_order(split, days=RECENT_DAYS)].tolist()
        self._shelf = shelf or Shelf.plain(sold, popular=sold)

    def best(
        self, users: NDArray[np.int32], *, buy_again: bool, hidden: NDArray[np.int32] | None = None
    ) -> NDArray[np.int32]:
        """Five products for each."""
        found = np.full((len(users), TOP), NOTHING, dtype=np.int32)
        for first in range(0, len(users), BLOCK_USERS):
            block = users[first : first + BLOCK_USERS]
            histories = {
                place: self._history(int(user), None if hidden is None else hidden[place])
                for place, user in enumerate(block.tolist(), start=first)
            }
            answers = self._scorer.recommend(histories, shelf=self._shelf, buy_again=buy_again)
            for place, answer in answers.items():
                rows = np.searchsorted(self._product_ids, answer.product_ids)
                found[place, : len(rows)] = rows
        return found

    def _history(self, user: int, hidden: NDArray[np.int32] | None) -> History:
        products, times = self._bought.of(user)
        unwanted = () if hidden is None else self._product_ids[hidden[hidden != NOTHING]].tolist()
        return History(bought=self._product_ids[products].tolist(), times=times.tolist(), hidden=unwanted)


class _Bought:
    """Each user's products, the newest first, and how often each was bought."""

    def __init__(self, past: Purchases) -> None:
        pairs = past.pairs()
        order = np.lexsort((pairs.product, -pairs.newest, pairs.user))
        self._products, self._times = pairs.product[order], pairs.times[order]
        self._starts = np.searchsorted(pairs.user, np.arange(len(past.user_ids) + 1))

    def of(self, user: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of products, and the times."""
        mine = slice(self._starts[user], self._starts[user + 1])
        return self._products[mine], self._times[mine]
