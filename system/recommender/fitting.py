"""From purchases and hyper-parameters to a model: what products say of each other, times how much they are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from system.recommender.cold import cold_columns, find_relatives
from system.recommender.demand import demand, demand_features
from system.recommender.ease import DENSE_PRODUCTS, ease_weights
from system.recommender.large_catalogue import weights_for
from system.recommender.likeness import like_names
from system.recommender.neighbours import Neighbours, Weights, cut_neighbours
from system.recommender.sparse_neighbours import cut_sparse_neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from system.recommender.hyper_parameters import HyperParameters
    from system.recommender.purchases import Purchases

NAMED_PRODUCTS: Final = 20_000
"""In larger catalogues names are compared for products without purchases alone: all pairs would take hours."""
_BLOCK: Final = 512


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model over the rows of `product_ids`; `popular` are rows too, the most wanted now first."""

    product_ids: NDArray[np.int64]
    neighbours: Neighbours
    popular: NDArray[np.int64]


def fit(
    purchases: Purchases,
    *,
    day: int,
    parameters: HyperParameters,
    described: sparse.csr_array[np.float32] | None = None,
    dense_products: int = DENSE_PRODUCTS,
) -> Fitted:
    """The model as of the start of `day`, from the purchases before it.

    `described` has a row of words for each product (see `describe_products`); without it names say nothing and
    products without purchases are not recommended. Up to `dense_products` in exact form, above by neighbours.
    """
    past = purchases.before(day)
    weights = product_weights(past, day=day, parameters=parameters, described=described, dense_products=dense_products)
    wanted = demand(demand_features(past, day=day), exponents=parameters.exponents)
    warm = past.buyers() > 0
    if described is None:
        wanted[~warm] = 0.0
    else:
        standing = find_relatives(described, warm=warm)
        weights = _lend(weights, standing=standing, warm=warm, discount=parameters.cold_discount)
        wanted = np.asarray(standing @ wanted, dtype=np.float32)
    return Fitted(past.product_ids, _cut(weights, wanted, parameters.neighbours), popular_rows(past, day=day))


def product_weights(
    past: Purchases,
    *,
    day: int,
    parameters: HyperParameters,
    described: sparse.csr_array[np.float32] | None = None,
    dense_products: int = DENSE_PRODUCTS,
) -> Weights:
    """[source, target]: what a purchase of one product says of each other one, before demand."""
    bought = decayed(past, day=day, half_life_days=parameters.half_life_days)
    if len(past.product_ids) <= dense_products:
        weights: Weights = ease_weights(bought, l2=parameters.l2)
    else:
        weights = weights_for(bought, l2=parameters.l2)
    if described is not None and parameters.name_weight > 0 and len(past.product_ids) <= NAMED_PRODUCTS:
        weights = _add(weights, like_names(described) * np.float32(parameters.name_weight))
    return weights


def decayed(past: Purchases, *, day: int, half_life_days: float | None) -> sparse.csr_array[np.float32]:
    """Users x products, 1 for a purchase of today; two purchases half a life ago weigh half of that together."""
    if half_life_days is None:
        return past.matrix()
    pairs = past.pairs()
    values = np.exp2(-(day - pairs.newest) / (2.0 * half_life_days)).astype(np.float32)
    shape = (len(past.user_ids), len(past.product_ids))
    return sparse.csr_array((values, (pairs.user, pairs.product)), shape=shape)


def popular_rows(past: Purchases, *, day: int, days: int = 14) -> NDArray[np.int64]:
    """All rows, the ones with most buyers in the last `days` first, then those with most buyers ever."""
    return np.lexsort((-past.buyers(), -past.between(day - days, day).buyers()))


def _lend(
    weights: Weights, *, standing: sparse.csr_array[np.float32], warm: NDArray[np.bool_], discount: float
) -> Weights:
    """Columns for products that nobody bought yet, from those whose names are like theirs."""
    if warm.all():
        return weights
    if not isinstance(weights, np.ndarray):
        return cold_columns(weights, standing=standing, discount=discount)
    cold = np.flatnonzero(~warm)
    for first in range(0, len(cold), _BLOCK):
        some = cold[first : first + _BLOCK]
        weights[:, some] += np.float32(discount) * (standing[some] @ weights.T).T
    return weights


def _add(weights: Weights, more: sparse.csc_array[np.float32]) -> Weights:
    if not isinstance(weights, np.ndarray):
        return sparse.csc_array(weights + more)
    coordinates = more.tocoo()
    weights[coordinates.row, coordinates.col] += coordinates.data
    return weights


def _cut(weights: Weights, wanted: NDArray[np.float32], keep: int) -> Neighbours:
    if isinstance(weights, np.ndarray):
        return cut_neighbours(weights, demand=wanted, keep=keep)
    return cut_sparse_neighbours(weights, demand=wanted, keep=keep)
