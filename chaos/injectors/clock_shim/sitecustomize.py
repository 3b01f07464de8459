"""Read by Python at the start of a program with a faked clock: sleeps without the call that libfaketime breaks.

With only the wall clock faked, `clock_nanosleep` fails with EINVAL (libfaketime 0.9.10), and `time.sleep` uses it.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex, /) -> None:
    if float(seconds) < 0:
        raise ValueError("sleep length must be non-negative")
    ends_at = time.monotonic() + float(seconds)
    while (left := ends_at - time.monotonic()) > 0:
        select.select([], [], [], left)


time.sleep = _sleep
