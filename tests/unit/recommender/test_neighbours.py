from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from system.recommender.neighbours import cut_neighbours

pytestmark = pytest.mark.unit

WEIGHTS = np.array([[0, 4, 3, 2], [1, 0, -5, 0], [9, 9, 0, 9], [0, 0, 0, 0]], dtype=np.float32)
DEMAND = np.array([1.0, 0.1, 0.5, 1.0], dtype=np.float32)


@pytest.mark.parametrize("form", [np.asarray, sparse.csc_array])
def test_the_targets_that_most_is_said_of_and_that_are_wanted_are_kept(form: type) -> None:
    found = cut_neighbours(form(WEIGHTS), demand=DEMAND, keep=2)
    assert found.ids.tolist() == [[3, 2], [2, 0], [0, 3], [4, 4]]
    assert found.weights.tolist() == [[2.0, 1.5], [-2.5, 1.0], [9.0, 9.0], [0.0, 0.0]]


def test_more_neighbours_than_there_are_products_is_all_of_them() -> None:
    assert cut_neighbours(WEIGHTS, demand=DEMAND, keep=99).ids.shape == (4, 3)


def test_a_catalogue_of_one_has_no_neighbour() -> None:
    found = cut_neighbours(np.zeros((1, 1), np.float32), demand=np.ones(1, np.float32), keep=5)
    assert found.ids.tolist() == [[1]]
