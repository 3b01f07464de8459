"""Which ONNX Runtime is installed: the distributions for CPU and for CUDA hold the same module and break each other."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from system.errors import ModelError

DISTRIBUTIONS: Final = ("onnxruntime", "onnxruntime-gpu")
CUDA: Final = "CUDAExecutionProvider"
CPU: Final = "CPUExecutionProvider"


def installed_runtime() -> str:
    """The one distribution and its version, such as `onnxruntime 1.31.1`; ModelError for none or both."""
    found = [f"{name} {number}" for name in DISTRIBUTIONS if (number := _version_of(name))]
    if not found:
        raise ModelError(
            "ONNX Runtime is not installed. Install steadypost[cpu], or steadypost[gpu] for an NVIDIA GPU."
        )
    if len(found) > 1:
        raise ModelError(
            f"{' and '.join(found)} are both installed, and each breaks the other's files. "
            f"Run `pip uninstall {' '.join(DISTRIBUTIONS)}`, then install steadypost[cpu] or steadypost[gpu]."
        )
    return found[0]


def _version_of(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


@cache
def load_runtime() -> Any:
    """The module `onnxruntime`; ModelError where it is not whole, as after one of two was uninstalled."""
    said = installed_runtime()
    try:
        module = import_module("onnxruntime")
        offers_cuda = CUDA in module.get_available_providers()
    except (ImportError, AttributeError) as exc:
        raise ModelError(
            f"{said} is installed but can't be used ({exc}). "
            f"Run `pip install --force-reinstall --no-deps {said.replace(' ', '==')}`."
        ) from None
    if offers_cuda:
        module.preload_dlls()  # from NVIDIA's packages, which lie where the loader does not look
    return module
