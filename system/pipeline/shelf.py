"""A newsletter's shelf: its rules and the catalogue by them, as the scorer wants it, looked at every few seconds."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from system.recommender.recommendation import TOP
from system.recommender.shelf import Shelf
from system.storage.shelves import products_by, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection

    from system.storage.shelves import ProductOnShelf, Rules

STOCK_AGE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class NewsletterShelf:
    """What a newsletter may recommend now."""

    rules: Rules
    shelf: Shelf


def read_shelf(connection: Connection, *, newsletter_id: int) -> NewsletterShelf:
    """The shelf of a newsletter that exists, as it is in the database."""
    rules = rules_of(connection, newsletter_id=newsletter_id)
    return NewsletterShelf(rules, arrange(products_by(connection, rules), rules=rules))


def arrange(products: Sequence[ProductOnShelf], *, rules: Rules) -> Shelf:
    """Products, ascending by id, as arrays; a family or category has the code of its lowest id.

    Products without a category are none of the same kind: each has a category of its own, and no cap.
    Where the available categories are too few to fill a mail, the cap gives way as far as that needs.
    """
    available = np.array([product.available for product in products], dtype=np.bool_)
    category = _codes((product.id, product.category) for product in products)
    kinds = max(1, len(np.unique(category[available])))
    return Shelf(
        product_ids=np.array([product.id for product in products], dtype=np.int64),
        available=available,
        family=_codes((product.id, product.family) for product in products),
        category=category,
        per_category=max(rules.per_category, math.ceil(TOP / kinds)),
    )


def _codes(named: Iterable[tuple[int, str | None]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    lowest: dict[str, int] = {}
    return np.array([lowest.setdefault(name, id_) if name else id_ for id_, name in named], dtype=np.int64)


@dataclass(slots=True)
class Shelves:
    """The shelves that one process keeps between batches."""

    age_s: float = STOCK_AGE_S
    now: Callable[[], float] = time.monotonic
    _kept: dict[int, tuple[float, NewsletterShelf]] = field(default_factory=dict)

    def of(self, connection: Connection, *, newsletter_id: int) -> NewsletterShelf:
        """The newsletter's shelf, at most `age_s` old."""
        seen_at, kept = self._kept.get(newsletter_id, (-math.inf, None))
        if kept is None or self.now() - seen_at > self.age_s:
            seen_at, kept = self.now(), read_shelf(connection, newsletter_id=newsletter_id)
            self._kept[newsletter_id] = seen_at, kept
        return kept
