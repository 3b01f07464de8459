"""What a sending process holds between batches: database, permits, breaker, provider and product cards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from system.storage.catalogue import ProductCard, product_cards
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from system.mail.breaker import Breaker
    from system.mail.links import UnsubscribeLinks
    from system.mail.provider import Provider
    from system.mail.rate_limit import RateLimit
    from system.mail.witnesses import Witnesses
    from system.settings import Settings

CARD_AGE_S = 300.0


@dataclass(kw_only=True)
class Desk:
    """One sending account's tools in one process."""

    engine: Engine
    settings: Settings
    provider: Provider
    permits: RateLimit
    breaker: Breaker
    witnesses: Witnesses
    links: UnsubscribeLinks
    worker: str
    mails_per_s: float | None
    _cards: dict[int, ProductCard | None] = field(default_factory=dict)
    _cards_since: float = 0.0

    def cards(self, product_ids: Iterable[int]) -> dict[int, ProductCard]:
        """Cards by product id, remembered for a few minutes: prices change, but not within a batch."""
        now = time.monotonic()
        if now - self._cards_since > CARD_AGE_S:
            self._cards, self._cards_since = {}, now
        wanted = set(product_ids)
        if missing := wanted - self._cards.keys():
            with transaction(self.engine) as connection:
                found = product_cards(connection, product_ids=sorted(missing))
            self._cards |= {id_: found.get(id_) for id_ in missing}
        return {id_: card for id_ in wanted if (card := self._cards[id_]) is not None}
