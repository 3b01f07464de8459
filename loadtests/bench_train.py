"""Measures a training step by step on invented purchases: seconds, CPU seconds and the most memory each step held.

    python -m loadtests.bench_train --orders 1000000 --products 10000
    python -m loadtests.bench_train --orders 5000000 --products 100000
    python -m loadtests.bench_train --orders 20000000 --products 1000000 --targets 20000 --skip whole --skip cold

`--command` measures the whole `steadypost model train` instead, with the database that STEADYPOST_DATABASE_URL names.
Memory is Linux's high-water mark, set back before each step; it includes what earlier steps left for later ones.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from loadtests.products import invent_products
from loadtests.purchases import DAY_S, Assortment, Habits, invent_purchases
from system.recommender.candidates import cap_histories
from system.recommender.cold import cold_columns, describe_products, find_relatives
from system.recommender.ease import DENSE_PRODUCTS, ease_weights
from system.recommender.embeddings import embed_products
from system.recommender.fitting import fit
from system.recommender.large_catalogue import DIMS, PER_PRODUCT, candidates_for
from system.recommender.purchases import Purchases
from system.recommender.sparse_ease import sparse_ease
from system.recommender.sparse_neighbours import cut_sparse_neighbours
from system.recommender.tuning import tune

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scipy import sparse

SEED: Final = 1
L2: Final = 500.0
KEPT: Final = 200
COLD_SHARE: Final = 0.05
KIB_PER_GB: Final = 1e9 / 1024


def main(
    *,
    orders: Annotated[int, typer.Option(min=1_000)] = 1_000_000,
    products: Annotated[int, typer.Option(min=10)] = 10_000,
    targets: Annotated[int | None, typer.Option(help="Solve only this many products, drawn at random.")] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help="Leave a step out: whole, dense, cut, embeddings, cold.")
    ] = None,
    command: Annotated[bool, typer.Option("--command", help="Measure the whole command instead.")] = False,
) -> None:
    """Print one line per step."""
    print("| step | seconds | CPU s | peak RSS, GB |\n|---|---|---|---|")
    if command:
        _measure_command()
        return
    skipped = set(skip or ())
    rng = np.random.default_rng(SEED)
    assortment = Assortment.plan(rng, products=products, habits=Habits())
    described = _describe(rng, assortment=assortment)
    with _measured("invent the purchases (not a part of training)"):
        purchases = _invent(rng, orders=orders, assortment=assortment)
    if "whole" not in skipped:
        _train(purchases, described=described)
    with _measured("the matrix of who bought what"):
        bought = purchases.matrix()
    weights = _weigh(bought, rng=rng, targets=targets, dense="dense" not in skipped)
    if "cut" not in skipped:
        with _measured(f"keep {KEPT} targets a source"):
            cut_sparse_neighbours(weights, demand=np.ones(products, dtype=np.float32), keep=KEPT)
    if "embeddings" not in skipped:
        with _measured(f"embeddings of {DIMS} dimensions"):
            embed_products(bought, dims=DIMS, seed=SEED)
    if "cold" not in skipped:
        _lend(weights, rng=rng, described=described)


def _describe(rng: np.random.Generator, *, assortment: Assortment) -> sparse.csr_array[np.float32]:
    invented = list(invent_products(rng, first_id=1, assortment=assortment))
    return describe_products([product.name for product in invented], [product.category for product in invented])


def _invent(rng: np.random.Generator, *, orders: int, assortment: Assortment) -> Purchases:
    """About `orders` orders, some of which repeat an earlier one."""
    habits = assortment.habits
    users = round(orders / (habits.mean_baskets * habits.mean_basket_products))
    lines = invent_purchases(rng, users=users, assortment=assortment)
    day = (habits.days - 1 - lines.age_s // DAY_S).astype(np.int32)
    rows, columns = lines.user.astype(np.int32), lines.product.astype(np.int32)
    return Purchases(np.arange(users), np.arange(len(assortment.by_taste)), rows, columns, day)


def _train(purchases: Purchases, *, described: sparse.csr_array[np.float32]) -> None:
    """What a training computes, as it does it."""
    with _measured("choose hyper-parameters"):
        parameters = tune(purchases, day=purchases.end_day, described=described, seed=SEED)
    with _measured("fit with them"):
        fit(purchases, day=purchases.end_day, parameters=parameters, described=described)


def _weigh(
    bought: sparse.csr_array[np.float32], *, rng: np.random.Generator, targets: int | None, dense: bool
) -> sparse.csc_array[np.float32]:
    """The weights on candidates; the dense ones are made beside them where they fit, and dropped."""
    products = bought.shape[1]
    if dense and products <= DENSE_PRODUCTS:
        with _measured("dense EASE^R"):
            ease_weights(bought, l2=L2)
    with _measured(f"{PER_PRODUCT} candidates a product"):
        capped = cap_histories(bought)
        candidates = candidates_for(capped)
    asked = None if targets is None else np.sort(rng.permutation(products)[:targets]).astype(np.int32)
    with _measured(f"EASE^R on candidates, {targets or products:,} products"):
        return sparse_ease(capped, candidates=candidates, l2=L2, targets=asked)


def _lend(
    weights: sparse.csc_array[np.float32], *, rng: np.random.Generator, described: sparse.csr_array[np.float32]
) -> None:
    """As if one product in twenty had never been bought."""
    warm = rng.random(described.shape[0]) >= COLD_SHARE
    with _measured(f"{np.count_nonzero(~warm):,} cold products"):
        standing = find_relatives(described, warm=warm)
        cold_columns(weights, standing=standing)


def _measure_command() -> None:
    began_s = time.perf_counter()
    steadypost = Path(sys.executable).with_name("steadypost")
    subprocess.run([steadypost, "model", "train"], check=True, stdout=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    _show("`steadypost model train`", time.perf_counter() - began_s, used.ru_utime + used.ru_stime, used.ru_maxrss)


@contextmanager
def _measured(step: str) -> Iterator[None]:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    yield
    _show(step, time.perf_counter() - began_s, time.process_time() - began_cpu_s, _peak_kib())


def _peak_kib() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def _show(step: str, seconds: float, cpu_s: float, peak_kib: int) -> None:
    print(f"| {step} | {seconds:.1f} | {cpu_s:.1f} | {peak_kib / KIB_PER_GB:.2f} |", flush=True)


if __name__ == "__main__":
    print(f"<!-- {os.cpu_count()} cores -->", file=sys.stderr)
    typer.run(main)
