"""Measures recommending: people a second over all processes, time a batch, and how far from what the machine allows.

    python -m loadtests.bench_recommend --processes 2
    python -m loadtests.bench_recommend --processes 1 --threads 2
    python -m loadtests.bench_recommend --users 6000 --profile
    python -m loadtests.bench_recommend --device cuda --processes 1 --batch 1024 --batch 4096 --batch 16384

*Whole* is from Python lists of purchases to `Recommendation` objects, in messages of 500 people as workers get them
(of a batch's size, where batches are larger); *graph* is the ONNX graph alone, over batches made beforehand. Each
process has its share of the people. Ratios are of CPU time, which other work on the machine disturbs less; on a GPU
there is none. What the limits contain is said in loadtests/recommend_limit.py.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from os import getloadavg
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from loadtests.recommend_profile import profile_graph
from loadtests.recommend_rate import measure_rate
from loadtests.recommend_workload import invent_workload
from system.recommender.batches import BATCH_USERS
from system.recommender.session import THREADS

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

    from loadtests.recommend_rate import Rate
    from loadtests.recommend_workload import Workload
    from system.settings import ModelDevice

HEAD: Final = (
    "| batch | whole, users/s | whole, users per CPU s | graph, users/s | graph, users per CPU s | batch p50, ms "
    "| p99, ms | transfer | of kernels | of streaming |\n|---|---|---|---|---|---|---|---|---|---|"
)
STEPS: Final = (
    "\n| CPU us a user, batch {batch} | {names} | all |\n|---|{lines}---|\n| kernels | {values} | {sum:.1f} |"
)

_together: Barrier


def main(
    *,
    device: Annotated[str, typer.Option(help="cpu, or cuda: fails where there is none.")] = "cpu",
    products: Annotated[int, typer.Option(min=100)] = 10_000,
    neighbours: Annotated[int, typer.Option(min=1)] = 100,
    users: Annotated[int, typer.Option(min=1_000)] = 100_000,
    processes: Annotated[int, typer.Option(min=1)] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process's session.")] = THREADS,
    batch: Annotated[list[int] | None, typer.Option(min=1, help="People a batch; may be repeated.")] = None,
    profile: Annotated[bool, typer.Option("--profile", help="Only show where the graph's time goes.")] = False,
) -> None:
    """Print one line per batch size, and what the last one's limit consists of."""
    if device not in {"cpu", "cuda"}:
        raise typer.BadParameter(f"{device!r} is neither cpu nor cuda", param_hint="--device")
    kind: ModelDevice = "cuda" if device == "cuda" else "cpu"
    if kind == "cuda":
        _try_cuda()
    workload = invent_workload(products=products, neighbours=neighbours, users=users)
    if profile:
        _print_profile(workload, device=kind, sizes=batch or [BATCH_USERS])
        return
    lengths = [len(history.bought) for history in workload.histories.values()]
    print(
        f"{device}, {processes} processes x {threads} threads, {products:,} products x {neighbours} neighbours, "
        f"{users:,} users with a median of {np.median(lengths):g} products (mean {np.mean(lengths):.1f}); "
        f"load average {getloadavg()[0]:.1f}\n\n{HEAD}"
    )
    for size in batch or [16, 32, 64, 128, 256]:
        rates = _measure(workload, device=kind, processes=processes, threads=threads, batch=size)
        print(_line(rates, batch=size, on_cpu=kind == "cpu"), flush=True)
    if kind == "cpu":
        print(_steps(rates, batch=size))


def _try_cuda() -> None:
    """In a process of its own: the pool's processes would break off with a traceback each."""
    done = subprocess.run([sys.executable, "-m", "system.recommender.cuda_trial"], check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def _print_profile(workload: Workload, *, device: ModelDevice, sizes: list[int]) -> None:
    for size in sizes:
        found = profile_graph(workload, device=device, batch=size)
        print(f"\n| step, batch {size} | us a user |\n|---|---|\n| all | {sum(found.values()):.1f} |")
        print("\n".join(f"| {step} | {us:.1f} |" for step, us in found.items()))


def _measure(workload: Workload, *, device: ModelDevice, processes: int, threads: int, batch: int) -> list[Rate]:
    context = get_context("spawn")
    people = list(workload.histories.items())
    parts = [replace(workload, histories=dict(people[number::processes])) for number in range(processes)]
    barrier = context.Barrier(processes)
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_join, initargs=(barrier,)) as pool:
        running = [pool.submit(_one, part, device=device, threads=threads, batch=batch) for part in parts]
        return [each.result() for each in running]


def _join(barrier: Barrier) -> None:
    """The pool's queue can't carry a barrier; a process's birth can."""
    global _together  # noqa: PLW0603  # same
    _together = barrier


def _one(workload: Workload, *, device: ModelDevice, threads: int, batch: int) -> Rate:
    return measure_rate(workload, device=device, threads=threads, batch=batch, together=_together)


def _line(rates: list[Rate], *, batch: int, on_cpu: bool) -> str:
    users, graph_users = sum(rate.users for rate in rates), sum(rate.graph_users for rate in rates)
    graph_cpu_s = sum(rate.graph_cpu_s for rate in rates)
    batch_ms = [ms for rate in rates for ms in rate.batch_ms]
    transfer = 1 - sum(rate.resident_s for rate in rates) / sum(rate.graph_s for rate in rates)
    kernels_s = sum(sum(rate.steps_s.values()) for rate in rates)
    streaming_s = sum(rate.streaming_s for rate in rates)
    cells = [
        f"{batch:,}",
        f"{users / max(rate.whole_s for rate in rates):,.0f}",
        f"{users / sum(rate.whole_cpu_s for rate in rates):,.0f}",
        f"{graph_users / max(rate.graph_s for rate in rates):,.0f}",
        f"{graph_users / graph_cpu_s:,.0f}",
        f"{np.percentile(batch_ms, 50):.2f}",
        f"{np.percentile(batch_ms, 99):.2f}",
        "-" if on_cpu else f"{transfer:.0%}",
        f"{kernels_s / graph_cpu_s:.0%}" if on_cpu else "-",
        f"{streaming_s / graph_cpu_s:.0%}" if on_cpu else "-",
    ]
    return f"| {' | '.join(cells)} |"


def _steps(rates: list[Rate], *, batch: int) -> str:
    graph_users = sum(rate.graph_users for rate in rates)
    each_us = {step: 1e6 * sum(rate.steps_s[step] for rate in rates) / graph_users for step in rates[0].steps_s}
    return STEPS.format(
        batch=batch,
        names=" | ".join(each_us),
        lines="---|" * len(each_us),
        values=" | ".join(f"{us:.1f}" for us in each_us.values()),
        sum=sum(each_us.values()),
    )


if __name__ == "__main__":
    typer.run(main)
