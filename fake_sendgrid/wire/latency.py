"""How long the provider takes to answer: seeded draws from a log-normal distribution."""

import math
import random


class Latency:
    """`median_ms` 0 answers at once."""

    def __init__(self, *, median_ms: float, sigma: float, seed: int) -> None:
        self._mu = math.log(median_ms) - math.log(1000) if median_ms else None
        self._sigma = sigma
        self._random = random.Random(seed)  # noqa: S311 - simulation, not secrecy

    def draw_s(self) -> float:
        """The next answer's delay."""
        return 0.0 if self._mu is None else self._random.lognormvariate(self._mu, self._sigma)
