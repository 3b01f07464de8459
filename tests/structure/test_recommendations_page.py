"""docs/recommendations.md names tests that exist, every source that is counted, and every rule of a newsletter."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from system.recommender.recommendation import Source
from system.storage.shelves import Rules

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recommendations.md").read_text(encoding="utf-8")
CITED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize(("path", "name"), CITED, ids=[name for _, name in CITED])
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_source_of_products_is_explained() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(Source)


def test_every_rule_is_explained() -> None:
    words = {
        "price_min": "price band",
        "price_max": "price band",
        "excluded_categories": "excluded categories",
        "excluded_product_ids": "excluded products",
        "per_category": "products per category",
        "cool_down_weeks": "cool-down",
        "buy_again": "buy again",
    }
    assert {rule.name for rule in fields(Rules)} == set(words)
    assert [word for word in words.values() if not re.search(rf"^\| .*{word}.* \|", PAGE, re.MULTILINE)] == []
