"""What the machine allows at best for one batch: each step of the recommender as one compiled kernel over its arrays.

Two limits, both in seconds for a batch. *Streaming* moves the same bytes and nothing else, at the speed at which NumPy
copies a score table of the same size. *Kernels* does the work that no implementation over these arrays can leave out,
each step by the fastest compiled loop at hand: rows of scores are written, the neighbours gathered and added to random
places, the scores read for their maxima, the best found, and the five compared with everything that spoke for anything.
Nothing is counted for choosing by the rules, for padding or for Python.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from system.recommender.graph import BLOCK, CANDIDATES
from system.recommender.recommendation import TOP

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from system.recommender.neighbours import Neighbours

REPEATS: Final = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """Seconds for one batch."""

    streaming_s: float
    steps_s: dict[str, float]

    @property
    def kernels_s(self) -> float:
        """All steps, one after the other."""
        return sum(self.steps_s.values())


def measure_limit(neighbours: Neighbours, history: NDArray[np.int32]) -> Limit:
    """For one batch [B, L] whose padding is the number of products; CPU seconds of one core, the best of a few."""
    known = history[history < neighbours.products]
    users = len(history)
    width = -(-(neighbours.products + 1) // BLOCK) * BLOCK
    scores = np.zeros((users, width), dtype=np.float32)
    owner = np.nonzero(history < neighbours.products)[0]
    targets = neighbours.ids[known]
    places = (targets + owner[:, None] * width).ravel()
    contributions = neighbours.weights[known].ravel()
    steps = {
        "write the rows": _best(_write(scores)),
        "gather": _best(_gather(neighbours, known)),
        "add": _add_s(scores, places, contributions),
        "maxima": _best(_maxima(scores)),
        "search": _best(_search(scores)),
        "explain": _best(_explain(targets)),
    }
    moved = 2 * scores.nbytes + 2 * (places.size * 4 + contributions.nbytes)
    other = np.empty_like(scores)
    copy_s = _best(lambda: np.copyto(other, scores))
    return Limit(moved / (2 * scores.nbytes) * copy_s, steps)


def _write(scores: NDArray[np.float32]) -> Callable[[], object]:
    start = np.zeros(scores.shape[1], dtype=np.float32)
    return lambda: np.copyto(scores, start)


def _gather(neighbours: Neighbours, known: NDArray[np.int32]) -> Callable[[], object]:
    shape = (len(known), neighbours.ids.shape[1])
    ids, weights = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32)

    def run() -> None:
        np.take(neighbours.ids, known, axis=0, out=ids, mode="clip")
        np.take(neighbours.weights, known, axis=0, out=weights, mode="clip")

    return run


def _add_s(scores: NDArray[np.float32], places: NDArray[Any], contributions: NDArray[np.float32]) -> float:
    """The fastest of three loops that add to random places of the score table."""
    flat = scores.ravel()
    one = np.ones(1, dtype=np.float32)

    def column(count: int) -> sparse.csc_array[np.float32]:
        parts = (contributions[:count], places[:count].astype(np.int32), np.array([0, count], dtype=np.int32))
        return sparse.csc_array(parts, shape=(flat.size, 1))

    full, empty = column(len(places)), column(0)
    return min(
        _best(lambda: np.add.at(flat, places, contributions)),
        _best(lambda: np.bincount(places, weights=contributions, minlength=flat.size)),
        max(_best(lambda: full @ one) - _best(lambda: empty @ one), 0.0) or np.inf,
    )


def _maxima(scores: NDArray[np.float32]) -> Callable[[], object]:
    blocks = scores.reshape(len(scores), BLOCK, -1)
    return lambda: blocks.max(axis=1)


def _search(scores: NDArray[np.float32]) -> Callable[[], object]:
    """The best of the blocks' maxima, and then of the scores in the best blocks."""
    rng = np.random.default_rng(1)
    blocks = scores.shape[1] // BLOCK
    kept = min(CANDIDATES, blocks)
    maxima = rng.random((len(scores), blocks), dtype=np.float32)
    candidates = rng.random((len(scores), kept * BLOCK), dtype=np.float32)

    def run() -> None:
        np.argpartition(maxima, blocks - kept, axis=1)
        np.argpartition(candidates, candidates.shape[1] - CANDIDATES, axis=1)

    return run


def _explain(targets: NDArray[np.int32]) -> Callable[[], object]:
    hits = np.empty(targets.shape, dtype=np.bool_)

    def run() -> None:
        for _ in range(TOP):
            np.equal(targets, 1, out=hits)

    return run


def _best(run: Callable[[], object]) -> float:
    """CPU seconds of the quickest of some rounds, each long enough for the clock."""
    run()
    return min(_round(run) for _ in range(REPEATS))


def _round(run: Callable[[], object]) -> float:
    times, began_s = 0, time.process_time()
    while (spent_s := time.process_time() - began_s) < 0.01:  # noqa: PLR2004  # the clock's steps are far finer
        run()
        times += 1
    return spent_s / times
