"""How many events one post holds: mostly few, sometimes a hundred.

The provider gathers events for a moment before it posts them, so sizes follow its traffic. A zeta
distribution cut off at 100 stands for that: a third of all posts hold one event, the mean is ten.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

MOST_EVENTS: Final = 100
_EXPONENT: Final = 1.35
_SIZES: Final = range(1, MOST_EVENTS + 1)
_WEIGHTS: Final = [size**-_EXPONENT for size in _SIZES]
_CUMULATIVE: Final = list(accumulate(_WEIGHTS))

MEAN_EVENTS: Final = sum(size * weight for size, weight in zip(_SIZES, _WEIGHTS, strict=True)) / _CUMULATIVE[-1]
"""What turns events a second into posts a second."""


def draw_size(rng: random.Random) -> int:
    """The events of one post."""
    return rng.choices(_SIZES, cum_weights=_CUMULATIVE)[0]
