"""Named places at which a test may let this process die, stop, fail or wait; without a folder they do nothing.

An order is a file in the folder, named after its place: `{"do": "kill", "after": 3}`. A process that has passed
the place that often takes the order by renaming it to `<place>.<process id>`, and obeys: one process, once, also
when it is started again. Who was told to hold goes on when that file is removed.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

Failpoint = Literal[
    "before_intent",  # claimed, and nothing else (W0)
    "after_intent",  # intents committed, no byte has left (W1)
    "after_bytes",  # the request is with the kernel, its answer unread (W2 and W3: the provider decides which)
    "before_record",  # the answer is read and not written down (W4; held until the webhook has told it: W6)
    "after_record",  # the answer is committed, the message not acknowledged (W5)
    "after_page",  # a page of jobs is committed, its batches are not enqueued
    "after_inbox",  # a webhook post is committed, the provider has no answer
    "before_apply",  # a post is taken from the inbox, its events are not applied
    "after_apply",  # events are committed, the message not acknowledged
]
LOOK_S = 0.02

_folder: Path | None = None
_passes: Counter[tuple[str, int]] = Counter()


class FailpointError(Exception):
    """Raised where a test ordered it."""


def watch(folder: Path | None) -> None:
    """Obey the orders in `folder` from now on, also in processes forked later; None obeys nobody."""
    global _folder  # noqa: PLW0603  # one process, one folder
    _folder = folder


def reach(name: Failpoint) -> None:
    """Say that this place is reached; returns at once unless a test has ordered otherwise."""
    if _folder is None:
        return
    order, taken = _folder / name, _folder / f"{name}.{os.getpid()}"
    try:
        ordered_at_ns, wanted = order.stat().st_mtime_ns, json.loads(order.read_bytes())
        _passes[name, ordered_at_ns] += 1
        if _passes[name, ordered_at_ns] <= wanted["after"]:
            return
        order.rename(taken)
    except FileNotFoundError:
        return  # no order, or another process was faster
    _obey(wanted["do"], name, taken)


def _obey(what: Literal["kill", "stop", "raise", "hold"], name: str, taken: Path) -> None:
    if what == "raise":
        raise FailpointError(name)
    if what == "hold":
        while taken.exists():
            time.sleep(LOOK_S)
    else:
        os.kill(os.getpid(), signal.SIGKILL if what == "kill" else signal.SIGSTOP)
