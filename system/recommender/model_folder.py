"""Where a model's file lies: `<folder>/<version>.onnx`, its card beside it as `<version>.json`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from system.errors import ModelError
from system.recommender.model_file import REMEDY, read_sealed

if TYPE_CHECKING:
    from pathlib import Path


def model_file(folder: Path, version: str) -> Path:
    """The file of a version, whether it is there or not."""
    return folder / f"{version}.onnx"


def card_file(folder: Path, version: str) -> Path:
    """The card beside it, for people and for whoever carries the file elsewhere; the database has it too."""
    return folder / f"{version}.json"


def check_file(folder: Path, *, version: str, sha256: str) -> None:
    """Raises ModelError when the file is missing, its seal is wrong, or it is another version's file."""
    path = model_file(folder, version)
    if hashlib.sha256(read_sealed(path)).hexdigest() != sha256:
        raise ModelError(f"model file {path} is not the one that was registered as {version}. {REMEDY}")


def file_state(folder: Path, *, version: str, sha256: str) -> str:
    """`ok`, `missing` or `broken`, for a table."""
    if not model_file(folder, version).exists():
        return "missing"
    try:
        check_file(folder, version=version, sha256=sha256)
    except ModelError:
        return "broken"
    return "ok"
