"""The model's file: an ONNX model with its catalogue in the metadata and a seal over all bytes at its end."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from system.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from onnx import ModelProto  # at run time only the trainer pays for this import

REMEDY: Final = "Run `steadypost model train` to make a new one."
FORMAT: Final = "steadypost-recommender-2"
INPUTS: Final = {
    "history": "tensor(int32)",
    "bonus": "tensor(float)",
    "excluded": "tensor(int32)",
    "available": "tensor(bool)",
    "family": "tensor(int64)",
    "category": "tensor(int64)",
    "per_category": "tensor(int64)",
}
OUTPUTS: Final = ("products", "scores", "because")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products a model knows: ids by row, ascending, and all of them again by popularity."""

    product_ids: Sequence[int]
    popular: Sequence[int]
    buy_again_weight: float = 0.0
    """What one purchase adds to a product's own score, where products may be bought again."""


def write_model(path: Path, model: ModelProto, *, catalogue: Catalogue, trained_on: date) -> str:
    """Replace the file in one step and return the model's version; readers see the old file or the new one."""
    _add_metadata(
        model,
        {
            "format": FORMAT,
            "trained_on": trained_on.isoformat(),
            "product_ids": orjson.dumps(list(catalogue.product_ids)).decode(),
            "popular": orjson.dumps(list(catalogue.popular)).decode(),
            "buy_again_weight": repr(catalogue.buy_again_weight),
        },
    )
    body = model.SerializeToString(deterministic=True)
    digest = _digest(body)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, body + _seal(digest))
    return _version(trained_on.isoformat(), digest)


def read_sealed(path: Path) -> bytes:
    """The file's bytes, checked to be exactly what was written; raises ModelError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"model file {path} does not exist. {REMEDY}") from None
    except OSError as exc:
        raise ModelError(f"model file {path} can't be read: {exc.strerror}. {REMEDY}") from None
    body = content[:-SEAL_BYTES]
    if content[-SEAL_BYTES:] != _seal(_digest(body)):
        raise ModelError(f"model file {path} is truncated, altered or not ours: its checksum is wrong. {REMEDY}")
    return content


def read_metadata(metadata: Mapping[str, str], *, path: Path) -> tuple[str, Catalogue]:
    """Version and catalogue from the metadata that ONNX Runtime hands out; raises ModelError."""
    if metadata.get("format") != FORMAT:
        raise ModelError(f"model file {path} has format {metadata.get('format')!r}, not {FORMAT!r}. {REMEDY}")
    catalogue = Catalogue(
        orjson.loads(metadata["product_ids"]),
        orjson.loads(metadata["popular"]),
        float(metadata["buy_again_weight"]),
    )
    return _version(metadata["trained_on"], metadata["sha256"]), catalogue


def _version(trained_on: str, digest: str) -> str:
    return f"{trained_on}-{digest[:8]}"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _seal(digest: str) -> bytes:
    """One more entry of the model's metadata, `sha256`: serialised messages that follow each other are one message.

    Written by hand: field 14 of ModelProto, itself a message of the fields 1 (key) and 2 (value).
    """
    entry = b"\x0a\x06sha256\x12\x40" + digest.encode()
    return b"\x72" + bytes([len(entry)]) + entry


def _add_metadata(model: ModelProto, entries: Mapping[str, str]) -> None:
    for key, value in entries.items():
        model.metadata_props.add(key=key, value=value)


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


SEAL_BYTES: Final = len(_seal("0" * 64))
