"""What answers where no model can be loaded at all: popular products, by the same rules, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from system.recommender.filling import Filling
from system.recommender.recommendation import Recommendation, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from system.recommender.shelf import History, Shelf


@dataclass(frozen=True, slots=True)
class PopularOnly:
    """In a scorer's place."""

    popular: Sequence[int]
    version: ClassVar[str] = "popular"

    def recommend(
        self, histories: Mapping[int, History], *, shelf: Shelf, buy_again: bool = False
    ) -> dict[int, Recommendation]:
        """Up to five for everybody, none hidden from them and, unless they may buy again, none that they bought."""
        filling = Filling.of(shelf, popular=self.popular)
        nothing = Recommendation(Source.MODEL_UNUSABLE)
        return {
            user: filling.fill(nothing, history=history, buy_again=buy_again) for user, history in histories.items()
        }
