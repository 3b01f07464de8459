"""One process's half of the recommender's benchmark: how long its batches take, whole and the graph alone."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from loadtests.recommend_limit import measure_limit
from system.recommender.model_file import OUTPUTS
from system.recommender.onnx_runtime import CPU, CUDA, load_runtime
from system.recommender.scorer import Scorer
from system.recommender.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier

    from loadtests.recommend_workload import Arrays, Workload
    from system.recommender.shelf import History
    from system.settings import ModelDevice

BATCH_JOBS: Final = 500
"""People that one message names (STEADYPOST_BATCH_JOBS)."""
LIMIT_EVERY: Final = 40
"""The limit is measured on every so-many-th batch."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One process and one batch size; seconds by the clock and of this process's CPU."""

    users: int
    whole_s: float
    whole_cpu_s: float
    graph_users: int
    graph_s: float
    graph_cpu_s: float
    resident_s: float
    batch_ms: list[float]
    streaming_s: float
    steps_s: dict[str, float]


def measure_rate(workload: Workload, *, device: ModelDevice, threads: int, batch: int, together: Barrier) -> Rate:
    """All of the workload's people; every process begins each part at the same moment."""
    session = Session.open(workload.graph, path=Path("(in memory)"), device=device, threads=threads)
    scorer = Scorer(session, version="measured", catalogue=workload.catalogue)
    scorer.batch_users = batch
    shelf, rules = workload.shelf(), workload.rules()
    batches = workload.batches(batch)
    scorer.recommend(dict(islice(workload.histories.items(), BATCH_JOBS)), shelf=shelf)
    gc.collect()
    gc.freeze()  # a worker holds the people of one message, and its collector looks at no others
    together.wait()
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    jobs = max(BATCH_JOBS, batch)
    for histories in _messages(workload.histories, jobs):
        scorer.recommend(histories, shelf=shelf)
    whole_s, whole_cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    together.wait()
    began_cpu_s = time.process_time()
    batch_ms = [_graph_ms(session, feeds, rules) for feeds in batches]
    graph_cpu_s = time.process_time() - began_cpu_s
    together.wait()
    resident_s = _resident_s(workload.graph, batches, rules) if session.provider == CUDA else sum(batch_ms) / 1e3
    limits = [measure_limit(workload.neighbours, feeds["history"]) for feeds in batches[:: max(1, len(batches) // 5)]]
    scale = len(batches) / len(limits)
    return Rate(
        users=len(workload.histories),
        whole_s=whole_s,
        whole_cpu_s=whole_cpu_s,
        graph_users=sum(len(feeds["history"]) for feeds in batches),
        graph_s=sum(batch_ms) / 1e3,
        graph_cpu_s=graph_cpu_s,
        resident_s=resident_s,
        batch_ms=batch_ms,
        streaming_s=scale * sum(limit.streaming_s for limit in limits),
        steps_s={step: scale * sum(limit.steps_s[step] for limit in limits) for step in limits[0].steps_s},
    )


def _messages(histories: dict[int, History], jobs: int) -> Iterator[dict[int, History]]:
    left = iter(histories.items())
    while message := dict(islice(left, jobs)):
        yield message


def _graph_ms(session: Session, feeds: Arrays, rules: Arrays) -> float:
    began_s = time.perf_counter()
    session.run(OUTPUTS, feeds, rules)
    return (time.perf_counter() - began_s) * 1e3


def _resident_s(graph: bytes, batches: list[Arrays], rules: Arrays) -> float:
    """The same batches with all that goes in and out on the GPU already: what is left are the graph's own steps."""
    runtime = load_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = runtime.InferenceSession(graph, options, providers=[CUDA, CPU])
    spent_s = 0.0
    for feeds in batches:
        binding = session.io_binding()
        for name, array in {**feeds, **rules}.items():
            there = runtime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array), "cuda", 0)
            binding.bind_ortvalue_input(name, there)
        for name in OUTPUTS:
            binding.bind_output(name, "cuda")
        _spend(session, binding)  # the first time it takes memory, as the measured session has done before
        spent_s += _spend(session, binding)
    return spent_s


def _spend(session: Any, binding: Any) -> float:
    binding.synchronize_inputs()
    began_s = time.perf_counter()
    session.run_with_iobinding(binding)
    binding.synchronize_outputs()
    return time.perf_counter() - began_s
