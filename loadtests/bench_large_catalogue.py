"""Measures on real purchases what large catalogues do without: all other products as reasons, products that don't sell.

    python -m loadtests.bench_large_catalogue TRANSACTIONS.csv.gz PRODUCTS.csv.gz

Transactions have the columns customer_id, stock_code and ts; products stock_code and name. Trained on what was bought
before --day and judged by the new products that the same people bought in the 28 days after. Cold products are tried
on one product in twenty, whose purchases are hidden from training; DRAWS times with others.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import date
from pathlib import Path  # noqa: TC003  # Typer reads it at run time
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer
from scipy import sparse

from system.recommender.cold import cold_columns, describe_products, find_relatives
from system.recommender.ease import ease_weights
from system.recommender.evaluation.metrics import score_lists
from system.recommender.evaluation.ranking import ScoreRanker
from system.recommender.evaluation.splits import Mode, Split, split_at
from system.recommender.large_catalogue import weights_for
from system.recommender.purchases import Purchases, collect_purchases

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from system.recommender.evaluation.splits import Truth

    Weights = NDArray[np.float32] | sparse.csc_array[np.float32]

L2: Final = 500.0
EPOCH: Final = date(1970, 1, 1)
DRAWS: Final = 4
TOP: Final = 5


@dataclass(frozen=True, slots=True)
class Market:
    """What is known before the day, what is bought after it, and how much each product is in demand."""

    split: Split
    truth: Truth
    recent: NDArray[np.int64]
    ever: NDArray[np.int64]

    @classmethod
    def at(cls, purchases: Purchases, *, day: int) -> Market:
        """The 28 days from `day` on; recent are the three weeks before it."""
        split = split_at(purchases, day=day, days=28)
        return cls(split, split.truth(Mode.NEW_ONLY), split.past.between(day - 21, day).buyers(), split.past.buyers())

    @property
    def demand(self) -> NDArray[np.float32]:
        """Buyers of the last three weeks against buyers ever."""
        return ((self.recent + 1) / (self.ever + 20)).astype(np.float32)

    def ndcg(self, weights: Weights, *, demand: NDArray[np.float32]) -> dict[str, float]:
        """Mean metrics of five new products for each."""
        best = self.best(weights, demand=demand)
        return {name: float(values.mean()) for name, values in score_lists(best, self.truth).items()}

    def best(self, weights: Weights, *, demand: NDArray[np.float32]) -> NDArray[np.int32]:
        """Five products for each of the truth's users."""
        bought = self.split.bought

        def scores(users: NDArray[np.int32]) -> NDArray[np.float32]:
            found = bought[users] @ weights
            return np.asarray(found.toarray() if sparse.issparse(found) else found, dtype=np.float32) * demand

        return ScoreRanker(scores, bought=bought).best(self.truth.users, buy_again=False)


def main(
    transactions: Annotated[Path, typer.Argument()],
    products: Annotated[Path, typer.Argument()],
    *,
    day: Annotated[str, typer.Option(help="The first day that is not trained on.")] = "2011-09-03",
) -> None:
    """Print the tables."""
    purchases, names = read_purchases(transactions, products)
    first = (date.fromisoformat(day) - EPOCH).days
    market = Market.at(purchases, day=first)
    print(f"{len(market.truth):,} users, {len(names):,} products, {market.split.bought.nnz:,} pairs\n")
    _compare_candidates(market)
    _compare_restrictions(market)
    _compare_cold(purchases, names=names, day=first)


def _compare_candidates(market: Market) -> None:
    print("| weights | NDCG@5 | Recall@5 | HitRate@5 |\n|---|---|---|---|")
    _row("dense", market.ndcg(ease_weights(market.split.bought, l2=L2), demand=market.demand))
    for count in (25, 50, 100, 200):
        weights = weights_for(market.split.bought, l2=L2, per_product=count)
        _row(f"{count} candidates a product", market.ndcg(weights, demand=market.demand))


def _row(name: str, found: dict[str, float]) -> None:
    print(
        f"| {name} | {found['ndcg_at_5']:.4f} | {found['recall_at_5']:.4f} | {found['hit_rate_at_5']:.4f} |", flush=True
    )


def _compare_restrictions(market: Market) -> None:
    """As if only products that sell now were in the model: as targets, and altogether."""
    sells = market.split.past.between(market.split.first_day - 28, market.split.first_day).buyers() > 0
    weights = ease_weights(market.split.bought, l2=L2)
    _row(f"dense, {np.count_nonzero(sells):,} targets in demand", market.ndcg(weights, demand=market.demand * sells))
    alone = sparse.csr_array(market.split.bought @ sparse.diags_array(sells.astype(np.float32)))
    alone.eliminate_zeros()
    weights = ease_weights(alone, l2=L2)
    _row("dense, no other products at all", market.ndcg(weights, demand=market.demand * sells))


def _compare_cold(purchases: Purchases, *, names: list[str], day: int) -> None:
    described = describe_products(names, [""] * len(names))
    tried: list[tuple[float, float, float]] = []
    costs: dict[float, list[tuple[float, float]]] = {}
    for draw in range(DRAWS):
        hidden = np.random.default_rng(draw).permutation(len(names))[: len(names) // 20]
        shown = purchases.between(day, day + 28)
        past = purchases.before(day)
        market = Market.at(_join(past, shown, hidden=hidden), day=day)
        standing = find_relatives(described, warm=market.ever > 0)
        weights = weights_for(market.split.bought, l2=L2)
        demand = np.asarray(standing @ market.demand, dtype=np.float32)
        lent = cold_columns(weights, standing=standing, discount=1.0)
        for discount in (0.0, 0.5, 0.75, 1.0):
            columns = cold_columns(weights, standing=standing, discount=discount)
            best = market.best(columns, demand=demand)
            share = float(np.isin(best, hidden).mean())
            costs.setdefault(discount, []).append((market.ndcg(columns, demand=demand)["ndcg_at_5"], share))
        tried.append(_rank_hidden(market, lent, demand=demand, hidden=hidden))
    hits, chance, place = np.mean(tried, axis=0)
    print(f"\namong the {len(names) // 20} hidden products alone: HitRate@5 {hits:.3f}, by chance {chance:.3f};")
    print(f"a bought one stands at {place:.2f} of their list, by chance at 0.50\n")
    print("| discount of cold products | NDCG@5 | share of places |\n|---|---|---|")
    for discount, pairs in costs.items():
        print(f"| {discount:g} | {np.mean(pairs, axis=0)[0]:.4f} | {np.mean(pairs, axis=0)[1]:.2%} |")


def _rank_hidden(
    market: Market, weights: sparse.csc_array[np.float32], *, demand: NDArray[np.float32], hidden: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Hit rate in the first five of the hidden products, the same by chance, and where the bought ones stand."""
    bought = market.truth.bought[:, hidden].toarray() > 0
    some = bought.any(axis=1)
    scores = sparse.csr_array(market.split.bought[market.truth.users[some]] @ weights).toarray()[:, hidden]
    scores *= demand[hidden]
    place = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    sizes, size = bought[some].sum(axis=1), len(hidden)
    missed = np.prod([(size - sizes - turn) / (size - turn) for turn in range(TOP)], axis=0)
    return (
        float((bought[some] & (place < TOP)).any(axis=1).mean()),
        float(1 - missed.mean()),
        float(place[bought[some]].mean() / size),
    )


def _join(past: Purchases, shown: Purchases, *, hidden: NDArray[np.int64]) -> Purchases:
    """Both, but of the hidden products nothing of the past, and nothing that repeats the past."""
    kept = ~np.isin(past.product, hidden)
    first = ~np.isin(_pairs(shown), _pairs(past))
    return Purchases(
        past.user_ids,
        past.product_ids,
        np.concatenate([past.user[kept], shown.user[first]]),
        np.concatenate([past.product[kept], shown.product[first]]),
        np.concatenate([past.day[kept], shown.day[first]]),
    )


def _pairs(purchases: Purchases) -> NDArray[np.int64]:
    return purchases.user.astype(np.int64) * len(purchases.product_ids) + purchases.product


def read_purchases(transactions: Path, products: Path) -> tuple[Purchases, list[str]]:
    """Products are numbered in the order of their codes."""
    with gzip.open(transactions, "rt", encoding="utf-8") as file:
        lines = [(int(row["customer_id"]), row["stock_code"], row["ts"][:10]) for row in csv.DictReader(file)]
    with gzip.open(products, "rt", encoding="utf-8") as file:
        names = {row["stock_code"]: row["name"] for row in csv.DictReader(file)}
    codes, rows = np.unique([line[1] for line in lines], return_inverse=True)
    days = [(date.fromisoformat(line[2]) - EPOCH).days for line in lines]
    chunk = np.column_stack([[line[0] for line in lines], rows, days]).astype(np.int64)
    return collect_purchases([chunk], product_ids=np.arange(len(codes))), [names.get(code, "") for code in codes]


if __name__ == "__main__":
    typer.run(main)
