"""How many events one post holds: mostly few, sometimes a hundred.

The provider gathers events for a moment before it posts them, so sizes follow its traffic. A zeta
distribution cut off at 100 stands for that: a third of all posts hold one event, the mean is ten.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

MOST_EVENTS: Final = 100
_EXPONENT: Final = 1.35
_DECK_POSTS: Final = 200


def _deal() -> list[int]:
    shares = list(accumulate(size**-_EXPONENT for size in range(1, MOST_EVENTS + 1)))
    return [1 + bisect_left(shares, (at + 0.5) / _DECK_POSTS * shares[-1]) for at in range(_DECK_POSTS)]


DECK: Final = tuple(_deal())
MEAN_EVENTS: Final = sum(DECK) / len(DECK)
"""What turns events a second into posts a second."""


def draw_sizes(rng: random.Random) -> Iterator[int]:
    """Sizes without end; every `DECK` of them has the same sum, so that the rate of events is kept over seconds."""
    while True:
        yield from rng.sample(DECK, k=len(DECK))
