"""One ONNX Runtime session: where it runs, with how many threads, and how arrays get in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import onnxruntime as ort

from system.errors import ModelError
from system.recommender.model_file import REMEDY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class Session:
    """A loaded graph; make one per process, after fork."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self.metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        self.inputs: dict[str, tuple[str, list[int | str]]] = {n.name: (n.type, n.shape) for n in session.get_inputs()}
        self.outputs: tuple[str, ...] = tuple(node.name for node in session.get_outputs())

    @classmethod
    def open(cls, content: bytes, *, path: Path, threads: int = 1) -> Self:
        """The graph in a file's bytes; `path` is for messages. Raises ModelError."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            return cls(ort.InferenceSession(content, options, providers=["CPUExecutionProvider"]))
        except Exception as exc:  # noqa: BLE001  # ONNX Runtime's errors share no other base class
            raise ModelError(f"model file {path} can't be loaded by ONNX Runtime: {exc}. {REMEDY}") from None

    def run(self, outputs: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """One batch; raises what ONNX Runtime raises."""
        found: list[NDArray[Any]] = self._session.run(list(outputs), dict(feeds))
        return found
