"""Invented products: names, prices and categories of a gift shop; products of one taste share a category.

Two of one taste that happen to have the same name are variants: a family.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from loadtests.purchases import Assortment

_THINGS: Final = {
    "kitchen": ("Mug", "Teapot", "Salt & Pepper Set", "Cake Stand", "Jam Jar", "Apron", "Rolling Pin"),
    "light": ("Lantern", "T-Light Holder", "Fairy Lights", "Candle", "Table Lamp", "Night Light"),
    "garden": ("Watering Can", "Bird Box", "Plant Pot", 'Trowel 6"', "Wind Chime", "Sundial"),
    "paper": ("Notebook", "Gift Wrap", "Bunting", "Postcard Set", "Calendar", "Sticker Sheet"),
    "bags": ("Lunch Bag", "Jumbo Bag", "Shopper", "Toiletry Bag", "Backpack", "Purse"),
    "toys": ("Jigsaw", "Spinning Top", "Skipping Rope", "Doll's House", "Paint Set", "Kite"),
    "home": ("Cushion", "Doormat", "Picture Frame", "Wall Clock", "Coat Hook", "Drawer Knob"),
    "seasonal": ("Wreath", "Stocking", "Advent Calendar", "Easter Egg", "Snow Globe", "Crib Figure"),
}
_LOOKS: Final = ("Red", "Blue", "Cream", "Pink Polka-Dot", "Vintage", "Regency", "Rustic", "Woodland", "Café", "Ivory")
_STUFFS: Final = ("Enamel", "Ceramic", "Wooden", "Glass", "Cotton", "Felt", "Metal", "Paper", "Wicker", "Zinc")
CATEGORIES: Final = tuple(_THINGS)
IN_STOCK_SHARE: Final = 0.95


@dataclass(frozen=True, slots=True)
class InventedProduct:
    """A row of the table of products."""

    id: int
    sku: str
    name: str
    category: str
    family: str
    price: float
    image_url: str
    in_stock: bool


def invent_products(rng: np.random.Generator, *, first_id: int, assortment: Assortment) -> Iterator[InventedProduct]:
    """The assortment's products, with ids from `first_id` on."""
    tastes = assortment.tastes().tolist()
    prices = rng.lognormal(1.2, 0.8, size=len(tastes)).clip(0.2, 500.0).tolist()
    picks = rng.random((len(tastes), 4)).tolist()
    for at, (taste, price, pick) in enumerate(zip(tastes, prices, picks, strict=True)):
        category = CATEGORIES[taste % len(CATEGORIES)]
        things = _THINGS[category]
        look, stuff, thing = _LOOKS[int(pick[0] * 10)], _STUFFS[int(pick[1] * 10)], things[int(pick[2] * len(things))]
        sku, name = f"P{first_id + at:06d}", f"{look} {stuff} {thing}"
        yield InventedProduct(
            id=first_id + at,
            sku=sku,
            name=name,
            category=category,
            family=f"{name} {taste}",
            price=round(price, 2),
            image_url=f"https://images.example.com/{sku}.jpg",
            in_stock=pick[3] < IN_STOCK_SHARE,
        )
