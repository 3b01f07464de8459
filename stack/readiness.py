"""Waiting for something to answer, with a deadline and the reason why it did not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_S = 0.2


class NotReadyError(Exception):
    """Raised by a check: not yet, and why."""


def wait_until_ready(
    check: Callable[[], None], *, what: str, deadline_s: float, is_alive: Callable[[], bool] | None = None
) -> None:
    """Call `check` until it no longer raises NotReadyError; StackError after the deadline, or at once when dead."""
    give_up_at = time.monotonic() + deadline_s
    while True:
        try:
            check()
        except NotReadyError as exc:
            if is_alive is not None and not is_alive():
                raise StackError(f"{what} ended before it was ready ({exc})") from None
            if time.monotonic() >= give_up_at:
                raise StackError(f"{what} was not ready after {deadline_s:g} s ({exc})") from None
            time.sleep(POLL_S)
        else:
            return
