from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from system.recommender.cold import cold_columns, describe_products, find_relatives

pytestmark = pytest.mark.unit

NAMES = ["Red Enamel Mug", "Blue Enamel Mug", "Wooden Rope Ladder", "Green Enamel Mug", "Zeppelin"]
WARM = np.array([True, True, True, False, False])


def _like(first: str, second: str) -> float:
    one, other = describe_products([first, second], ["", ""]).toarray()
    return float(one @ other)


def _standing(names: list[str] = NAMES, categories: list[str] | None = None) -> sparse.csr_array[np.float32]:
    return find_relatives(describe_products(names, categories or [""] * len(names)), warm=WARM)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("CAFÉ mug", "café MUG"),
        ("cafe\u0301 mug", "café mug"),
        ("<b>Tea</b>&nbsp;pot", "tea pot"),
        ("Salt & Pepper", "salt &amp; pepper!"),
        ("Straße", "STRASSE"),
        ("\uff2d\uff35\uff27", "mug"),
        ("赤い マグ", "赤い マグ"),
    ],
)
def test_spelling_and_markup_make_no_difference(first: str, second: str) -> None:
    assert _like(first, second) == pytest.approx(1)


def test_a_rare_word_says_more_than_a_common_one() -> None:
    described = describe_products(["red mug", "red kite", "red pot", "blue mug"], [""] * 4).toarray()
    assert described[0] @ described[3] > described[0] @ described[1]


@pytest.mark.parametrize("name", ["", "   ", "<p></p>", "!?", "\x00"])
def test_a_name_without_a_word_is_like_nothing(name: str) -> None:
    assert _like(name, name) == 0


def test_products_of_one_category_are_alike_whatever_their_names() -> None:
    one, other, third = describe_products(["Mug", "Pot", "Kite"], ["kitchen", "Kitchen", "toys"]).toarray()
    assert one @ other > 0
    assert one @ third == 0


def test_a_category_is_no_word_of_a_name() -> None:
    one, other = describe_products(["kitchen", "Pot"], ["", "kitchen"]).toarray()
    assert one @ other == 0


def test_no_products_have_no_words() -> None:
    assert describe_products([], []).shape == (0, 1)


def test_a_cold_product_is_stood_for_by_those_that_share_its_words() -> None:
    assert _standing().toarray()[3] == pytest.approx([0.5, 0.5, 0, 0, 0])


def test_a_warm_product_stands_for_itself() -> None:
    assert (_standing().toarray()[:3] == np.eye(5)[:3]).all()


def test_a_cold_product_like_nothing_has_no_relatives() -> None:
    assert not _standing().toarray()[4].any()


def test_only_so_many_relatives_stand_for_a_product() -> None:
    described = describe_products([*["tea mug"] * 9, "tea mug blue", "mug blue"], [""] * 11)
    warm = np.array([True] * 10 + [False])
    standing = find_relatives(described, warm=warm, most=3).toarray()
    assert np.count_nonzero(standing[10]) == 3
    assert standing[10].argmax() == 9


def test_a_cold_product_gets_the_mean_of_its_relatives_columns_at_a_discount() -> None:
    weights = np.zeros((5, 5), dtype=np.float32)
    weights[2, 0], weights[2, 1], weights[0, 1] = 0.4, 0.2, 0.6
    columns = cold_columns(sparse.csc_array(weights), standing=_standing(), discount=0.5).toarray()
    assert columns[:, 3] == pytest.approx([0.15, 0, 0.15, 0, 0])
    assert not columns[:, 4].any()
    assert (columns[:, :3] == weights[:, :3]).all()


def test_demand_and_embeddings_are_lent_in_the_same_way() -> None:
    demand = np.array([4, 2, 9, 0, 0], dtype=np.float32)
    assert _standing() @ demand == pytest.approx([4, 2, 9, 3, 0])
    embeddings = np.eye(5, 3, dtype=np.float32)
    assert (_standing() @ embeddings)[3] == pytest.approx([0.5, 0.5, 0])


def test_where_nothing_was_ever_sold_nobody_has_relatives() -> None:
    standing = find_relatives(describe_products(NAMES, [""] * 5), warm=np.zeros(5, dtype=np.bool_))
    assert standing.shape == (5, 5)
    assert standing.nnz == 0


def test_where_everything_was_sold_all_stand_for_themselves() -> None:
    standing = find_relatives(describe_products(NAMES, [""] * 5), warm=np.ones(5, dtype=np.bool_))
    assert (standing.toarray() == np.eye(5)).all()
