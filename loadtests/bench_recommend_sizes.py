"""Measures recommending by the size of the catalogue: users a second on one core, the file, memory.

    python -m loadtests.bench_recommend_sizes --products 10000 --products 100000 --products 1000000

Histories are drawn by demand, neighbours at random: what a graph costs depends on their shapes and not on their
meaning. Each size has a process of its own, whose memory includes the file that it was given. The rate is of CPU time,
so that other work on the machine disturbs it less; one process uses one core.
"""

from __future__ import annotations

import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import get_context
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import onnxruntime
import typer

from loadtests.purchases import Assortment, Habits
from system.recommender.batches import BATCH_USERS
from system.recommender.graph import build_graph
from system.recommender.model_file import OUTPUTS
from system.recommender.neighbours import Neighbours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SEED: Final = 1
HISTORY: Final = 20
BATCHES: Final = 64
SECONDS: Final = 3.0
CATEGORIES: Final = 20
KIB_PER_GB: Final = 1e9 / 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """One size's figures."""

    file_gb: float
    load_s: float
    peak_gb: float
    users_per_cpu_s: float


def main(
    *,
    products: Annotated[list[int] | None, typer.Option(help="Sizes of the catalogue.")] = None,
    neighbours: Annotated[int, typer.Option(min=1, help="Targets kept per product.")] = 100,
) -> None:
    """Print one line per size."""
    print("| products | file, GB | loaded in s | peak RSS, GB | users per CPU second |\n|---|---|---|---|---|")
    for size in products or [10_000, 100_000]:
        graph = _build(size, neighbours=neighbours)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found = pool.submit(_measure, graph, products=size).result()
        print(
            f"| {size:,} | {found.file_gb:.2f} | {found.load_s:.1f} | {found.peak_gb:.2f} "
            f"| {found.users_per_cpu_s:,.0f} |",
            flush=True,
        )


def _build(products: int, *, neighbours: int) -> bytes:
    rng = np.random.default_rng(SEED)
    ids = rng.integers(0, products, size=(products, neighbours), dtype=np.int32)
    weights = rng.random((products, neighbours), dtype=np.float32)
    content: bytes = build_graph(Neighbours(ids, weights)).SerializeToString()
    return content


def _draw(rng: np.random.Generator, *, products: int, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Products by demand, as the invented people buy them."""
    assortment = Assortment.plan(rng, products=products, habits=Habits())
    place = np.searchsorted(assortment.demand, rng.random(shape, dtype=np.float32), side="right") - 1
    return assortment.by_taste[np.clip(place, 0, products - 1)].astype(np.int32)


def _measure(graph: bytes, *, products: int) -> Measured:
    began_s = time.perf_counter()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    load_s = time.perf_counter() - began_s
    batches = cycle(list(_batches(products)))
    session.run(list(OUTPUTS), next(batches))
    users, began_cpu_s = 0, time.process_time()
    while (spent_s := time.process_time() - began_cpu_s) < SECONDS:
        session.run(list(OUTPUTS), next(batches))
        users += BATCH_USERS
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_GB
    return Measured(len(graph) / 1e9, load_s, peak_gb, users / spent_s)


def _batches(products: int) -> Iterator[dict[str, Any]]:
    """People with HISTORY products each; all products are in stock, and families have one member."""
    rng = np.random.default_rng(SEED + 1)
    rules = {
        "available": np.append(np.ones(products, dtype=np.bool_), False),
        "family": np.arange(products + 1),
        "category": np.arange(products + 1) % CATEGORIES,
        "per_category": np.array([2]),
    }
    for history in np.split(_draw(rng, products=products, shape=(BATCHES * BATCH_USERS, HISTORY)), BATCHES):
        yield {"history": history, "bonus": np.zeros(history.shape, np.float32), "excluded": history, **rules}


if __name__ == "__main__":
    typer.run(main)
