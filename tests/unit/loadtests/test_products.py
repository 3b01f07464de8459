from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest

from loadtests.products import InventedProduct, invent_products
from loadtests.purchases import Assortment, Habits

pytestmark = pytest.mark.unit


def invent(*, products: int, seed: int) -> list[InventedProduct]:
    rng = np.random.default_rng(seed)
    assortment = Assortment.plan(rng, products=products, habits=Habits())
    return list(invent_products(rng, first_id=1, assortment=assortment))


def test_a_seed_invents_the_products_that_it_always_did() -> None:
    known = "".join(f"{p.sku}{p.name}{p.category}{p.price}{p.in_stock}" for p in invent(products=500, seed=7))
    assert hashlib.sha256(known.encode()).hexdigest()[:16] == "acd6e81e4aad9b7e"


def test_a_few_products_are_variants_of_another_with_the_same_name_and_category() -> None:
    products = invent(products=2_000, seed=7)
    sizes = Counter(product.family for product in products)
    variants = [product for product in products if sizes[product.family] > 1]
    assert 0.02 < len(variants) / len(products) < 0.15
    assert len({(product.family, product.name, product.category) for product in variants}) == len(
        {product.family for product in variants}
    )
