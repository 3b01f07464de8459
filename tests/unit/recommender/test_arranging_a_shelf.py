from __future__ import annotations

import pytest

from system.pipeline.shelf import arrange
from system.storage.shelves import ProductOnShelf, Rules

pytestmark = pytest.mark.unit


def rules(*, per_category: int) -> Rules:
    return Rules(
        price_min=None,
        price_max=None,
        excluded_categories=[],
        excluded_product_ids=[],
        per_category=per_category,
        cool_down_weeks=4,
        buy_again=False,
    )


def goods(*categories: str, available: bool = True) -> list[ProductOnShelf]:
    return [ProductOnShelf(id_, available, None, category) for id_, category in enumerate(categories, start=1)]


@pytest.mark.parametrize(
    ("categories", "per_category", "cap"),
    [
        (("a", "a", "b", "b"), 3, 3),
        (("a", "a", "a"), 3, 5),  # nothing else to show
        (("a", "a", "b"), 1, 3),
        (("a", "b", "c", "d", "e"), 1, 1),
        (("", "", "", "", ""), 1, 1),  # each is of its own
        ((), 2, 5),
    ],
)
def test_a_cap_gives_way_only_where_it_would_leave_a_mail_half_empty(
    categories: tuple[str, ...], per_category: int, cap: int
) -> None:
    assert arrange(goods(*categories), rules=rules(per_category=per_category)).per_category == cap


def test_categories_out_of_stock_fill_no_mail() -> None:
    gone = [ProductOnShelf(9, False, None, "b")]  # a literal row
    assert arrange([*goods("a", "a"), *gone], rules=rules(per_category=3)).per_category == 5


def test_a_family_named_like_nothing_is_none() -> None:
    products = [ProductOnShelf(id_, True, "", "") for id_ in (4, 7)]  # literal rows
    assert arrange(products, rules=rules(per_category=3)).family.tolist() == [4, 7]
