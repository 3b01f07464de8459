"""Tries CUDA with the smallest graph there is: `python -m system.recommender.cuda_trial`, status 0 where it works."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np

from system.errors import ModelError
from system.recommender.onnx_runtime import installed_runtime
from system.recommender.session import Session

IDENTITY: Final = (
    b'\x08\n:7\n\x10\n\x01a\x12\x01b"\x08Identity\x12\x01gZ\x0f\n\x01a\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01'
    b"b\x0f\n\x01b\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\x12"
)
"""float[1] a -> b; written out because workers are installed without `onnx`."""


def try_cuda() -> str:
    """What it runs on; raises ModelError."""
    session = Session.open(IDENTITY, path=Path("(trial)"), device="cuda")
    session.run(["b"], {"a": np.ones(1, dtype=np.float32)}, {})
    return f"{session.provider} of {installed_runtime()}"


if __name__ == "__main__":
    try:
        print(try_cuda())  # noqa: T201  # its answer
    except ModelError as exc:
        sys.exit(str(exc))
