"""Measures on real purchases what it costs to show products that nobody bought yet, by their discount.

    python -m loadtests.bench_cold TRANSACTIONS.csv.gz PRODUCTS.csv.gz

The whole model, as a training fits it before --day, judged by the new products of the 28 days after; cold are the
products that were not sold before the day. No rule and no popular product fills up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path  # noqa: TC003  # Typer reads it at run time
from typing import Annotated, Final

import numpy as np
import typer

from loadtests.bench_large_catalogue import EPOCH, read_purchases
from system.recommender.cold import describe_products
from system.recommender.evaluation.metrics import score_lists
from system.recommender.evaluation.model_ranker import ModelRanker
from system.recommender.evaluation.splits import Mode, split_at
from system.recommender.fitting import fit
from system.recommender.shelf import Shelf
from system.recommender.trial_scorer import open_fitted
from system.recommender.tuning import tune

DISCOUNTS: Final = (0.0, 0.1, 0.25, 0.5, 0.75)


def main(
    transactions: Annotated[Path, typer.Argument()],
    products: Annotated[Path, typer.Argument()],
    *,
    day: Annotated[str, typer.Option(help="The first day that is not trained on.")] = "2011-09-03",
) -> None:
    """Print the table."""
    purchases, names = read_purchases(transactions, products)
    first = (date.fromisoformat(day) - EPOCH).days
    split = split_at(purchases, day=first, days=28)
    truth, cold = split.truth(Mode.NEW_ONLY), split.past.buyers() == 0
    described = describe_products(names, [""] * len(names))
    chosen = tune(purchases, day=first, described=described, seed=0)
    print(f"{chosen}\n{len(truth):,} people, {np.count_nonzero(cold):,} of {len(names):,} products cold\n")
    print("| discount | NDCG@5 | places taken by cold products |\n|---|---|---|")
    for discount in DISCOUNTS:
        parameters = replace(chosen, cold_discount=discount)
        fitted = fit(split.past, day=first, parameters=parameters, described=described)
        everything = Shelf.plain(fitted.product_ids.tolist(), popular=[])
        ranker = ModelRanker(open_fitted(fitted, parameters=parameters), split, shelf=everything)
        best = ranker.best(truth.users, buy_again=False)
        ndcg = score_lists(best, truth)["ndcg_at_5"].mean()
        print(f"| {discount:g} | {ndcg:.4f} | {cold[best[best >= 0]].mean():.1%} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
