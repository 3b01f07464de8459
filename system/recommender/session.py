"""One ONNX Runtime session: where it runs, with how many threads, and how arrays get in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import structlog

from system.errors import ModelError
from system.recommender.device_binding import DeviceBinding
from system.recommender.model_file import REMEDY
from system.recommender.onnx_runtime import CPU, CUDA, load_runtime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from system.settings import ModelDevice

log = structlog.get_logger(__name__)

THREADS: Final = 1
"""A second core serves more people as a second process than as a second thread (docs/benchmarks.md)."""
CUDA_OPTIONS: Final = {"arena_extend_strategy": "kSameAsRequested"}
"""Memory as it is needed, so that several processes share a GPU."""


class Session:
    """A loaded graph; make one per process, after fork: CUDA does not outlive a fork."""

    def __init__(self, session: Any, *, threads: int = THREADS) -> None:
        self._session = session
        self.threads = threads
        self.provider: str = session.get_providers()[0]
        self.metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        self.inputs: dict[str, tuple[str, list[int | str]]] = {n.name: (n.type, n.shape) for n in session.get_inputs()}
        self.outputs: tuple[str, ...] = tuple(node.name for node in session.get_outputs())
        self._binding = DeviceBinding(session, device="cuda") if self.provider == CUDA else None

    @classmethod
    def open(cls, content: bytes, *, path: Path, device: ModelDevice = "cpu", threads: int = THREADS) -> Self:
        """The graph in a file's bytes; `path` is for messages.

        `auto` takes CUDA where it works and the CPU elsewhere. Raises ModelError, also where `cuda` does not work.
        """
        session = cls(_open(content, path=path, device=device, threads=threads), threads=threads)
        if device == "cuda" and session.provider != CUDA:
            raise ModelError(NO_CUDA)
        return session

    def run(
        self, outputs: Sequence[str], feeds: Mapping[str, NDArray[Any]], rules: Mapping[str, NDArray[Any]]
    ) -> list[NDArray[Any]]:
        """One batch; raises what ONNX Runtime raises.

        On a GPU the rules stay there until others are given: nobody may change their arrays in place.
        """
        if self._binding is not None:
            return self._binding.run(outputs, feeds, rules)
        found: list[NDArray[Any]] = self._session.run(list(outputs), {**feeds, **rules})
        return found


NO_CUDA: Final = (
    "STEADYPOST_MODEL_DEVICE=cuda, but ONNX Runtime can't use CUDA here. It needs an NVIDIA GPU that this process may "
    "see, a driver for CUDA 13 and steadypost[gpu] (docs/recommender-gpu.md); set it to auto to go on with the CPU."
)


def _open(content: bytes, *, path: Path, device: ModelDevice, threads: int) -> Any:
    runtime = load_runtime()
    # Lists CUDA also where there is no GPU: what a session really runs on is known when it is made.
    offered = runtime.get_available_providers()
    if device == "cuda" and CUDA not in offered:
        raise ModelError(NO_CUDA)
    tried = [(CUDA, CUDA_OPTIONS), CPU] if CUDA in offered and device != "cpu" else [CPU]
    try:
        session = runtime.InferenceSession(content, _options(runtime, threads=threads), providers=tried)
    except Exception as exc:  # noqa: BLE001  # ONNX Runtime's errors share no other base class
        raise ModelError(f"model file {path} can't be loaded by ONNX Runtime: {exc}. {REMEDY}") from None
    if session.get_providers()[0] == CPU != tried[0]:
        log.warning("model.no_cuda", remedy="docs/recommender-gpu.md")
    return session


def _options(runtime: Any, *, threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options
