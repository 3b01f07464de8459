"""Runs campaign after campaign on one stack as it is told on standard input, so that Python starts once for many.

python -m loadtests.driver      (STEADYPOST_* point to the stack; one JSON order a line in, one answer a line out)
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from loadtests.campaign import StuckError, run_campaign
from loadtests.final_read import read_finally
from slo_reports.run_folder import RunFolder
from system.errors import InputError, SettingsError
from system.storage.database import process_engine, transaction
from system.storage.newsletters import WEEKLY

if TYPE_CHECKING:
    from collections.abc import Callable

EXPECTED: Final = (StuckError, InputError, SettingsError, DBAPIError, OSError)


def obey(order: dict[str, Any]) -> None:
    """Carry out one order; raises one of EXPECTED when it can't be carried out."""
    _ORDERS[order.pop("do")](**order)


def _campaign(*, run: str, week_key: str, deadline_s: float, trailing_s: float) -> None:
    """Start the week's campaign and sample it to its end."""
    run_campaign(
        RunFolder(Path(run)),
        newsletter=WEEKLY,
        week_key=week_key,
        deadline_s=deadline_s,
        trailing_s=trailing_s,
        live_targets=None,
        console=Console(stderr=True),
    )


def _final_read(*, run: str, provider: str, unacked: int) -> None:
    """Complete a run folder; connections that a fault has cut are not asked again."""
    process_engine().dispose()
    read_finally(RunFolder(Path(run)), provider=provider, unacked=unacked)


def _fresh_audience(*, since: str) -> None:
    """Forget who was suppressed by evidence since a moment, so that the next campaign has the same audience."""
    statement = text("UPDATE users SET suppressed_at = NULL, suppressed_reason = NULL WHERE suppressed_at > :since")
    process_engine().dispose()
    with transaction(process_engine()) as connection:
        connection.execute(statement, {"since": datetime.fromisoformat(since).astimezone(UTC)})


_ORDERS: Final[dict[str, Callable[..., None]]] = {
    "campaign": _campaign,
    "final_read": _final_read,
    "fresh_audience": _fresh_audience,
}


def main() -> None:
    """Answer every order with `{"error": null}`, or with what went wrong; ends with the input."""
    for line in sys.stdin:
        error = None
        try:
            obey(json.loads(line))
        except EXPECTED as exc:
            error = f"{type(exc).__name__}: {str(exc).splitlines()[0]}"
        sys.stdout.write(json.dumps({"error": error}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
