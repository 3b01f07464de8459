"""Products for tests as vectors: the smaller the angle between two, the more one says of the other."""

from __future__ import annotations

import numpy as np

from system.recommender.neighbours import Neighbours, cut_neighbours


def neighbours_of(vectors: np.ndarray) -> Neighbours:
    """Every other product as a neighbour, weighted by the vectors' product."""
    rows = np.asarray(vectors, dtype=np.float32)
    weights = rows @ rows.T
    np.fill_diagonal(weights, 0.0)
    return cut_neighbours(weights, demand=np.ones(len(rows), dtype=np.float32), keep=len(rows))
