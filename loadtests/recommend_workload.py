"""A model and people for measuring recommending: drawn by demand, since what a graph costs depends on shapes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from loadtests.purchases import Assortment, Habits, invent_purchases
from system.recommender.batches import make_batches
from system.recommender.graph import build_graph
from system.recommender.model_file import Catalogue
from system.recommender.neighbours import Neighbours
from system.recommender.shelf import History, Shelf

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED: Final = 1
HABITS: Final = Habits(mean_baskets=9.5)
"""Half of the people bought 19 products or more."""
CATEGORIES: Final = 20
PER_CATEGORY: Final = 2
VARIANTS: Final = 4
"""Products of one family."""

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class Workload:
    """What every process is given; `people` are those of one process."""

    graph: bytes
    neighbours: Neighbours
    histories: dict[int, History]

    @property
    def products(self) -> int:
        """The size of the catalogue."""
        return len(self.neighbours.ids)

    @property
    def catalogue(self) -> Catalogue:
        """All products, the most popular first."""
        ids = list(range(self.products))
        return Catalogue(ids, ids)

    def shelf(self) -> Shelf:
        """Everything is in stock, and two of a category may be shown."""
        ids = np.arange(self.products)
        in_stock = np.ones(self.products, dtype=np.bool_)
        return Shelf(ids, in_stock, ids // VARIANTS, ids % CATEGORIES, PER_CATEGORY)

    def batches(self, batch_users: int) -> list[Arrays]:
        """What the graph is given, without the rules: histories in full batches, the shortest first."""
        ids = np.arange(self.products)
        made = make_batches(self.histories, product_ids=ids, buy_again=False, batch_users=batch_users)
        return [{"history": b.history, "bonus": b.times * np.float32(0), "excluded": b.excluded} for b in made]

    def rules(self) -> Arrays:
        """The graph's other inputs."""
        return self.shelf().by_row(np.arange(self.products))


def invent_workload(*, products: int, neighbours: int, users: int) -> Workload:
    """The same for the same sizes."""
    rng = np.random.default_rng(SEED)
    assortment = Assortment.plan(rng, products=products, habits=HABITS)
    place = np.searchsorted(assortment.demand, rng.random((products, neighbours)), side="right") - 1
    ids = assortment.by_taste[np.clip(place, 0, products - 1)].astype(np.int32)
    model = Neighbours(ids, rng.random((products, neighbours), dtype=np.float32))
    purchases = invent_purchases(rng, users=users, assortment=assortment)
    pairs = np.unique(purchases.user * products + purchases.product)
    starts = np.searchsorted(pairs // products, np.arange(users + 1))
    histories = {user: History(row.tolist()) for user, row in enumerate(np.split(pairs % products, starts[1:-1]))}
    return Workload(build_graph(model).SerializeToString(), model, histories)
