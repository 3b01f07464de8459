from __future__ import annotations

import pytest

from system.recommender.cold import describe_products
from system.recommender.likeness import like_names

pytestmark = pytest.mark.unit


def test_names_are_alike_by_the_rare_words_that_they_share() -> None:
    names = ["red retrospot mug", "red retrospot bowl", "red lamp", "tent", ""]
    alike = like_names(describe_products(names, [""] * 5)).toarray()
    assert alike[0, 1] == pytest.approx(alike[1, 0])
    assert alike[0, 1] > 0.5
    assert alike[0, 2] == 0  # one common word is less than LEAST
    assert not alike[3:].any()
    assert not alike.diagonal().any()


def test_more_products_than_a_block_are_compared_with_all() -> None:
    names = [f"thing {number}" for number in range(600)] + ["thing 3"]
    alike = like_names(describe_products(names, [""] * 601)).toarray()
    assert alike[3, 600] == pytest.approx(1)
    assert alike[600, 3] == pytest.approx(1)
    assert (alike > 0).sum(axis=0).max() <= 30
