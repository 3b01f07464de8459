"""What fills a list that the model left short: popular products, by the same rules as the model's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from system.recommender.recommendation import TOP, Recommendation, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from system.recommender.shelf import History, Shelf


@dataclass(frozen=True, slots=True)
class Filling:
    """The popular products that are available, best first, and the rules for choosing among them."""

    popular: list[int]
    family: dict[int, int]
    category: dict[int, int]
    per_category: int

    @classmethod
    def of(cls, shelf: Shelf, *, popular: Sequence[int]) -> Filling:
        """`popular` is used where the shelf has no list of its own."""
        ids = shelf.product_ids[shelf.available].tolist()
        family = dict(zip(ids, shelf.family[shelf.available].tolist(), strict=True))
        category = dict(zip(ids, shelf.category[shelf.available].tolist(), strict=True))
        wanted = popular if shelf.popular is None else shelf.popular
        return cls([id_ for id_ in wanted if id_ in family], family, category, shelf.per_category)

    def fill(self, found: Recommendation, *, history: History, buy_again: bool) -> Recommendation:
        """The model's products first; they are checked once more, since a mail can't be recalled."""
        if len(found.product_ids) == TOP and self._allows(found.product_ids, history=history, buy_again=buy_again):
            return found
        closed = set(history.hidden) if buy_again else {*history.hidden, *history.bought}
        chosen = _Choice(self, closed)
        for product, because in zip(found.product_ids, found.because_ids, strict=True):
            chosen.offer(product, because=because)
        reason = Source.POPULAR if found.reason is Source.HISTORY and not chosen.products else found.reason
        for product in self.popular:
            if len(chosen.products) >= TOP:
                break
            chosen.offer(product, because=0)
        if not chosen.products:
            return Recommendation(Source.NOTHING_LEFT)
        return Recommendation(reason, list(chosen.products), list(chosen.products.values()))

    def _allows(self, products: Sequence[int], *, history: History, buy_again: bool) -> bool:
        """Whether all may be shown together: nearly always, so that it is asked before a list is made anew."""
        families = {self.family.get(product) for product in products}
        if None in families or len(families) < len(products):
            return False
        wanted = set(products)
        if not wanted.isdisjoint(history.hidden) or not (buy_again or wanted.isdisjoint(history.bought)):
            return False
        categories = [self.category[product] for product in products]
        return max(map(categories.count, categories)) <= self.per_category


class _Choice:
    """One list in the making."""

    def __init__(self, filling: Filling, closed: set[int]) -> None:
        self.products: dict[int, int] = {}
        self._filling = filling
        self._closed = closed
        self._families: set[int] = set()
        self._categories: dict[int, int] = {}

    def offer(self, product: int, *, because: int) -> None:
        """Take the product if it is available and no rule is against it."""
        family, category = self._filling.family.get(product), self._filling.category.get(product)
        if family is None or category is None or product in self._closed or family in self._families:
            return
        shown = self._categories.get(category, 0)
        if shown >= self._filling.per_category:
            return
        self.products[product] = because
        self._families.add(family)
        self._categories[category] = shown + 1
