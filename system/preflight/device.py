"""What must be true of the GPU where models may run nowhere else; asked before a worker of `ml` forks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

from system.preflight.finding import Finding, Level

if TYPE_CHECKING:
    from system.settings import Settings

PATIENCE_S: Final = 120.0
"""The first start of CUDA on a machine compiles and loads a gigabyte."""
WHAT: Final = "model device"


def examine_device(settings: Settings) -> list[Finding]:
    """Nothing unless STEADYPOST_MODEL_DEVICE=cuda; then a process of its own tries, since CUDA outlives no fork."""
    if settings.model_device != "cuda":
        return []
    command = [sys.executable, "-m", "system.recommender.cuda_trial"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)  # noqa: S603  # our own module
    except subprocess.TimeoutExpired:
        return [Finding(what=WHAT, level=Level.FIX, says=f"CUDA gave no answer in {PATIENCE_S:g} s. Try `nvidia-smi`.")]
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    level = Level.OK if done.returncode == 0 else Level.FIX
    return [Finding(what=WHAT, level=level, says=lines[-1] if lines else f"ended with status {done.returncode}")]


def exit_without_device(settings: Settings) -> None:
    """Return when models can run where they must; end this process with the reason elsewhere."""
    wrong = [finding for finding in examine_device(settings) if finding.level is Level.FIX]
    if wrong:
        sys.exit("\n".join(f"steadypost can't start: {finding.what}: {finding.says}" for finding in wrong))
