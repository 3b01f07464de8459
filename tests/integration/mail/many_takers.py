"""Eight processes that take all permits they can get, and when their mails start."""

from __future__ import annotations

import bisect
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PROCESSES = 8
TAKER = Path(__file__).with_name("permit_taker.py")


def starts_of_many(url: str, *, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> list[float]:
    """When the mails of eight processes start, which take what they can get."""
    command = [sys.executable, str(TAKER), url, str(seconds)]
    takers = [subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, text=True) for seed in range(PROCESSES)]
    meanwhile()
    outputs = [taker.communicate(timeout=60)[0] for taker in takers]
    assert [taker.returncode for taker in takers] == [0] * PROCESSES
    return sorted(float(line) for output in outputs for line in output.split())


def fullest_second(starts: list[float]) -> int:
    return max(bisect.bisect_left(starts, start + 1.0) - at for at, start in enumerate(starts))
