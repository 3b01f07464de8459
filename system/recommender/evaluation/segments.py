"""Who the model is good for: customers by how many different products they had bought before the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from system.recommender.evaluation.comparison import summarise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from system.recommender.evaluation.comparison import Comparison
    from system.recommender.evaluation.splits import Split

ENOUGH_CUSTOMERS: Final = 50
"""With fewer, an interval by resampling says more than the data knows."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Customers with at least `least` and fewer than `end` different products."""

    name: str
    least: int
    end: int | None

    def members(self, products: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the customers, given how many different products each bought."""
        return (products >= self.least) & (products < (self.end or np.inf))

    @property
    def says(self) -> str:
        """The numbers of products as people write them."""
        return f"{self.least} or more" if self.end is None else f"{self.least} to {self.end - 1}"


SEGMENTS: Final = (Segment("new", 1, 10), Segment("light", 10, 30), Segment("heavy", 30, None))


def by_segment(found: Comparison, split: Split, *, seed: int) -> list[dict[str, Any]]:
    """For JSON: the comparison within each segment."""
    products = np.diff(split.bought.indptr)[found.truth.users].astype(np.int64)
    return [
        {
            "name": segment.name,
            "products": segment.says,
            "enough": bool(segment.members(products).sum() >= ENOUGH_CUSTOMERS),
            **summarise(found.of(segment.members(products)), seed=seed),
        }
        for segment in SEGMENTS
    ]
