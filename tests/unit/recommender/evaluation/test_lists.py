from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from shop_record import lists_of

from system.recommender.evaluation import lists

pytestmark = pytest.mark.unit

# Four customers; product 3 was bought by nobody.
BOUGHT = sparse.csr_array(
    np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]], dtype=np.float32),
)


def test_coverage_is_the_share_of_the_catalogue_in_anybody_s_list() -> None:
    assert lists.coverage(lists_of([0, 1], [1], []), products=4) == 2 / 4
    assert lists.coverage(lists_of([]), products=4) == 0


def test_novelty_counts_the_halvings_from_everybody_to_the_product_s_buyers() -> None:
    found = lists.novelty(lists_of([0], [1], [2], [3], [0, 2], []), bought=BOUGHT)
    assert found[:5].tolist() == [0, 1, 2, 2, 1]
    assert np.isnan(found[5])


def test_diversity_is_1_minus_the_cosine_of_two_products_buyers() -> None:
    found = lists.diversity(lists_of([0, 1], [1, 2], [0, 1, 2], [0]), bought=BOUGHT)
    likeness_0_1, likeness_0_2 = 2 / np.sqrt(4 * 2), 1 / np.sqrt(4 * 1)
    assert found[:3].tolist() == pytest.approx([1 - likeness_0_1, 1, (3 - likeness_0_1 - likeness_0_2) / 3])
    assert np.isnan(found[3])


def test_products_without_a_buyer_are_like_nothing() -> None:
    assert lists.diversity(lists_of([0, 3]), bought=BOUGHT).tolist() == [1]


def test_lists_without_any_product_have_no_diversity() -> None:
    assert np.isnan(lists.diversity(lists_of([], []), bought=BOUGHT)).all()


def test_the_repeat_rate_is_the_share_that_the_customer_bought_before() -> None:
    found = lists.repeats(lists_of([0, 1, 2, 3], [3], []), users=np.array([2, 0, 1], dtype=np.int32), bought=BOUGHT)
    assert found[:2].tolist() == [2 / 4, 0]
    assert np.isnan(found[2])
