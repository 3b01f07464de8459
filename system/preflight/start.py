"""What a process does before it works: it refuses to start where it must not, and waits for what is only away."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import structlog

from system.errors import DependencyError
from system.preflight.broker import examine_rabbit
from system.preflight.finding import Level
from system.preflight.postgres import examine_postgres
from system.preflight.redis_server import examine_redis, examine_redis_broker

if TYPE_CHECKING:
    from collections.abc import Callable

    from system.preflight.finding import Finding
    from system.settings import Settings

log = structlog.get_logger(__name__)

PATIENCE_S: Final = 60.0
"""Longer than a server's restart; whoever supervises us starts us again, and it goes on from there."""
PAUSE_S: Final = 0.5

EXAMINATIONS: Final = (examine_postgres, examine_redis, examine_redis_broker, examine_rabbit)


def start_or_exit(settings: Settings, *, patience_s: float) -> None:
    """Return when all is well; exit with a line for each thing that is wrong.

    What is away is waited for. After `patience_s` that ends the process too, except where patience is 0: a web process
    must be there before its servers are, to say 503.
    """
    until = time.monotonic() + patience_s
    wrong = []
    for examine in EXAMINATIONS:
        try:
            found = _patiently(examine, settings, until=until)
        except DependencyError as exc:
            wrong += [str(exc)] if patience_s else []
        else:
            wrong += [f"{finding.what}: {finding.says}" for finding in found if finding.level is Level.FIX]
    if wrong:
        sys.exit("\n".join(f"steadypost can't start: {reason}" for reason in wrong))


def _patiently(examine: Callable[[Settings], list[Finding]], settings: Settings, *, until: float) -> list[Finding]:
    said = False
    while True:
        try:
            return examine(settings)
        except DependencyError as exc:
            if not said:
                log.warning("start.waits", reason=str(exc))
                said = True
            if time.monotonic() >= until:
                raise
        time.sleep(PAUSE_S)
