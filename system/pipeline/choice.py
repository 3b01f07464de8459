"""What each person of a batch is recommended, by the newsletter's rules; the cool-down gives way to an empty mail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from system.recommender.recommendation import Recommendation, Source
from system.recommender.shelf import History

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from system.pipeline.shelf import NewsletterShelf
    from system.recommender.shelf import Shelf
    from system.storage.histories import Past


class Recommender(Protocol):
    """A scorer, or a panel of them."""

    def recommend(
        self, histories: Mapping[int, History], *, shelf: Shelf, buy_again: bool
    ) -> dict[int, Recommendation]:
        """Something, if only a reason, for everybody who is asked about."""


def choose(recommender: Recommender, pasts: Mapping[int, Past], *, on: NewsletterShelf) -> dict[int, Recommendation]:
    """Everybody's products, or the reason why there are none.

    Whom the cool-down would leave without any product is shown again what there is: in a small shop, a mail of known
    products is better than none. Nothing else is relaxed: not stock, nor the band, nor exclusions, nor what is bought.
    """
    fresh = {user: _history(past, hidden=[*past.excluded, *past.shown]) for user, past in pasts.items()}
    found = recommender.recommend(fresh, shelf=on.shelf, buy_again=on.rules.buy_again)
    tired = [user for user, past in pasts.items() if past.shown and not found[user].product_ids]
    return found | _repeat(recommender, pasts, users=tired, on=on) if tired else found


def _repeat(
    recommender: Recommender, pasts: Mapping[int, Past], *, users: Iterable[int], on: NewsletterShelf
) -> dict[int, Recommendation]:
    again = {user: _history(pasts[user], hidden=pasts[user].excluded) for user in users}
    found = recommender.recommend(again, shelf=on.shelf, buy_again=on.rules.buy_again)
    return {user: replace(what, reason=Source.REPEATED) if what.product_ids else what for user, what in found.items()}


def _history(past: Past, *, hidden: list[int]) -> History:
    return History(past.bought, past.times, hidden)
