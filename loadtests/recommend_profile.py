"""Where the graph's time goes: ONNX Runtime's own profile, added up by kind of step."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from system.recommender.model_file import OUTPUTS
from system.recommender.onnx_runtime import CPU, CUDA, load_runtime

if TYPE_CHECKING:
    from loadtests.recommend_workload import Arrays, Workload
    from system.settings import ModelDevice

RUNS: Final = 15
"""Of each batch, of which the best counts."""
BATCHES: Final = 8


def profile_graph(workload: Workload, *, device: ModelDevice, batch: int) -> dict[str, float]:
    """Microseconds a user by kind of step and where it ran, the longest first; the profiler's own share is in them."""
    batches = workload.batches(batch)
    chosen = batches[:: max(1, len(batches) // BATCHES)]
    with TemporaryDirectory() as folder:
        events = _profile(workload, chosen, device=device, folder=Path(folder))
    durations = defaultdict[tuple[str, str], list[float]](list)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            step = f"{event['args']['op_name']} ({event['args']['provider'].removesuffix('ExecutionProvider')})"
            durations[event["name"], step].append(event["dur"])
    users = sum(len(feeds["history"]) for feeds in chosen)
    total = defaultdict[str, float](float)
    for (_, step), found in durations.items():
        total[step] += sum(min(found[first : first + RUNS]) for first in range(0, len(found), RUNS)) / users
    return dict(sorted(total.items(), key=lambda step: -step[1]))


def _profile(workload: Workload, batches: list[Arrays], *, device: ModelDevice, folder: Path) -> list[dict[str, Any]]:
    runtime = load_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    options.enable_profiling, options.profile_file_prefix = True, str(folder / "profile")
    providers = [CUDA, CPU] if device == "cuda" else [CPU]
    session = runtime.InferenceSession(workload.graph, options, providers=providers)
    for feeds in batches:
        for _ in range(RUNS):
            session.run(list(OUTPUTS), {**feeds, **workload.rules()})
    events: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_text())
    return events
