"""One session: what it refuses, and that arrays through a device come back as without one."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from system.errors import ModelError
from system.recommender import onnx_runtime
from system.recommender.cuda_trial import IDENTITY
from system.recommender.device_binding import DeviceBinding
from system.recommender.graph import build_graph
from system.recommender.model_file import OUTPUTS
from system.recommender.neighbours import Neighbours
from system.recommender.onnx_runtime import CPU, installed_runtime, load_runtime
from system.recommender.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = pytest.mark.unit

Arrays = dict[str, "NDArray[Any]"]
RING = Neighbours(np.array([[1], [2], [0]], dtype=np.int32), np.array([[0.5], [0.25], [0.75]], dtype=np.float32))


@pytest.fixture
def graph() -> bytes:
    content: bytes = build_graph(RING).SerializeToString()
    return content


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which distributions there are."""

    def say(**found: str) -> None:
        def version(name: str) -> str:
            if name.replace("-", "_") not in found:
                raise importlib.metadata.PackageNotFoundError(name)
            return found[name.replace("-", "_")]

        monkeypatch.setattr(onnx_runtime, "version", version)

    return say


def _feeds(*bought: int) -> Arrays:
    history = np.array([[row] for row in bought], dtype=np.int32)
    return {"history": history, "bonus": np.zeros(history.shape, dtype=np.float32), "excluded": history}


def _rules(*available: bool) -> Arrays:
    codes = np.arange(4, dtype=np.int64)
    rules = {"available": np.array([*available, False]), "family": codes, "category": codes}
    return {**rules, "per_category": np.ones(1, dtype=np.int64)}


def test_a_session_says_where_it_runs_and_with_how_many_threads(graph: bytes) -> None:
    session = Session.open(graph, path=Path("m.onnx"), device="cpu", threads=2)
    assert (session.provider, session.threads) == (CPU, 2)


def test_who_asks_for_cuda_is_refused_where_it_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = load_runtime()
    offered = [onnx_runtime.CUDA, CPU]  # as the distribution for CUDA says also where there is no GPU

    def fall_back(content: bytes, options: object, **_: object) -> object:
        return made(content, options, providers=[CPU])

    made = runtime.InferenceSession
    monkeypatch.setattr(runtime, "get_available_providers", lambda: offered)
    monkeypatch.setattr(runtime, "InferenceSession", fall_back)
    with pytest.raises(ModelError, match="STEADYPOST_MODEL_DEVICE=cuda, but ONNX Runtime can't use CUDA here"):
        Session.open(IDENTITY, path=Path("m.onnx"), device="cuda")
    assert Session.open(IDENTITY, path=Path("m.onnx"), device="auto").provider == CPU


def test_what_goes_through_a_device_comes_back_as_without_one(graph: bytes) -> None:
    session = Session.open(graph, path=Path("m.onnx"))
    bound = DeviceBinding(session._session, device="cpu")
    for rules in (_rules(True, True, True), _rules(True, False, True)):
        for bought in ((0, 1, 2), (2,)):
            for there, here in zip(
                bound.run(OUTPUTS, _feeds(*bought), rules), session.run(OUTPUTS, _feeds(*bought), rules), strict=True
            ):
                np.testing.assert_array_equal(there, here)


def test_rules_are_copied_to_the_device_only_when_they_changed(graph: bytes) -> None:
    bound = DeviceBinding(Session.open(graph, path=Path("m.onnx"))._session, device="cpu")
    for _ in range(3):
        bound.run(OUTPUTS, _feeds(0), _rules(True, True, True))
    assert bound.copies == 4
    bound.run(OUTPUTS, _feeds(0), _rules(True, False, True))
    assert bound.copies == 5


def test_the_installed_runtime_is_named(installed: Callable[..., None]) -> None:
    installed(onnxruntime="1.31.1")
    assert installed_runtime() == "onnxruntime 1.31.1"


def test_two_runtimes_side_by_side_are_an_error_that_says_how_to_mend_it(installed: Callable[..., None]) -> None:
    installed(onnxruntime="1.31.1", onnxruntime_gpu="1.31.0")
    with pytest.raises(ModelError, match=r"onnxruntime 1\.31\.1 and onnxruntime-gpu 1\.31\.0 are both installed.*pip"):
        installed_runtime()


def test_a_missing_runtime_is_an_error_that_says_what_to_install(installed: Callable[..., None]) -> None:
    installed()
    with pytest.raises(ModelError, match=r"not installed. Install steadypost\[cpu\]"):
        installed_runtime()
