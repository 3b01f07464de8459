"""How Ctrl-C and TERM end a run: every process of it stops its servers, whether tests run alone or side by side."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import psutil
from xdist.workermanage import NodeManager

if TYPE_CHECKING:
    from types import FrameType

    import pytest

# A worker that is interrupted may take 15 s to stop its servers; xdist by itself would kill it after 10.
WORKERS_END_S = 20


def stop_in_order(config: pytest.Config) -> None:
    """Whoever ends the run with TERM, such as `timeout`, wants its servers stopped as after Ctrl-C."""
    if hasattr(config, "workerinput"):
        signal.signal(signal.SIGINT, _interrupt_once)
        signal.signal(signal.SIGTERM, _interrupt_once)
    elif config.option.dist != "no":
        NodeManager.EXIT_TIMEOUT = WORKERS_END_S
        signal.signal(signal.SIGTERM, _interrupt_all)
    else:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _interrupt_once(_number: int, _frame: FrameType | None) -> None:
    # execnet repeats the signal after 5 s, which would break off the stopping that goes on by then.
    signal.signal(signal.SIGINT, lambda *_: None)
    raise KeyboardInterrupt


def _interrupt_all(number: int, frame: FrameType | None) -> None:
    # Ctrl-C reaches the workers by itself, TERM doesn't.
    for worker in psutil.Process().children():
        worker.send_signal(signal.SIGINT)
    signal.default_int_handler(number, frame)
