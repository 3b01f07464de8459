from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from system.errors import ModelError
from system.recommender.ease import ease_weights

pytestmark = pytest.mark.unit

SEED = 20261121


@pytest.mark.parametrize("products", [1, 2, 40, 1_500])
def test_each_column_is_the_ridge_regression_of_a_product_on_all_others(products: int) -> None:
    print(f"seed {SEED}")  # noqa: T201  # a failure is repeated with it
    rng = np.random.default_rng(SEED)
    bought = sparse.csr_array((rng.random((300, products)) < 0.1).astype(np.float32))

    weights = ease_weights(bought, l2=20.0)

    x = bought.toarray().astype(np.float64)
    for target in {0, products // 2, products - 1}:
        others = np.delete(np.arange(products), target)
        gram = x[:, others].T @ x[:, others] + 20.0 * np.eye(products - 1)
        expected = np.linalg.solve(gram, x[:, others].T @ x[:, target])
        assert weights[others, target] == pytest.approx(expected, abs=2e-4)
    assert not np.diag(weights).any()


def test_a_penalty_that_leaves_the_matrix_singular_is_a_clear_error() -> None:
    twins = sparse.csr_array(np.ones((3, 2), dtype=np.float32))
    with pytest.raises(ModelError, match="can't be inverted with l2=0"):
        ease_weights(twins, l2=0.0)
