"""What a training can choose: read from a model's card, written into it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from system.recommender.demand import FEATURES, PLAIN

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperParameters:
    """The defaults are for a record that is too short to choose by."""

    half_life_days: float | None = 60.0
    """After so many days a purchase weighs half in what products say of each other; None: for ever the same."""
    l2: float = 300.0
    """Ridge penalty of EASE^R; each unit is one buyer's worth of doubt."""
    name_weight: float = 0.001
    """What likeness of names adds to what purchases say."""
    cold_discount: float = 0.25
    """Of products that nobody bought yet, against those with names like theirs: docs/recommender-scale.md."""
    neighbours: int = 100
    """Targets kept per source."""
    exponents: tuple[float, ...] = PLAIN
    """Of demand's features, in their order."""
    buy_again_weight: float = 0.0
    """What one purchase adds to a product's own score, where products may be bought again."""

    def as_card(self) -> dict[str, Any]:
        """For JSON; exponents by the names of their features."""
        return asdict(self) | {"exponents": dict(zip(FEATURES, self.exponents, strict=True))}

    @classmethod
    def from_card(cls, entries: Mapping[str, Any]) -> Self:
        """What `as_card` gave; an exponent that is not there counts as 0."""
        exponents = tuple(float(entries["exponents"].get(name, 0.0)) for name in FEATURES)
        return cls(**{**entries, "exponents": exponents})
