"""What one user gets: up to five products, why each, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

TOP: Final = 5
"""How many products a mail shows."""


class Source(StrEnum):
    """Where a user's products come from."""

    HISTORY = "history"  # the model scored what the user bought; popular products may fill up
    POPULAR = "popular"  # nothing that the model likes for this user may be recommended: popular products
    NO_HISTORY = "no_history"  # nothing bought that the model knows: popular products
    UNUSABLE_SCORES = "unusable_scores"  # the model answered nonsense for this user: popular products
    REPEATED = "repeated"  # everything else was recommended lately: the cool-down was lifted for this user
    MODEL_UNUSABLE = "model_unusable"  # no version of any model can be loaded: popular products
    NOTHING_LEFT = "nothing_left"  # everything in stock is bought already; no products


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Products, best first; `because_ids` names the bought product that explains each, 0 where none does."""

    reason: Source
    product_ids: list[int] = field(default_factory=list)
    because_ids: list[int] = field(default_factory=list)
