"""What a person can get wrong is one message on stderr and an exit code, never a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

from slo_reports.commands.choice import UnknownRunError
from slo_reports.compare import IncomparableError
from slo_reports.export import ExportError
from slo_reports.openslo import InvalidSloError
from slo_reports.report.schema import InvalidReportError
from slo_reports.run_folder import UnreadableRunError
from slo_reports.verdict import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

CANNOT_BE_DONE = (UnknownRunError, IncomparableError, ExportError, InvalidSloError, InvalidReportError, OSError)


@contextmanager
def explained() -> Iterator[None]:
    """A run that can't be read proves nothing (3); everything else could not be done at all (4)."""
    try:
        yield
    except UnreadableRunError as exc:
        tell(f"[yellow]inconclusive:[/] {escape(str(exc))}")
        raise typer.Exit(ExitCode.INCONCLUSIVE) from None
    except CANNOT_BE_DONE as exc:
        tell(f"[red]error:[/] {escape(str(exc))}")
        raise typer.Exit(ExitCode.HARNESS_ERROR) from None


def tell(message: str) -> None:
    """One message on stderr."""
    Console(stderr=True, highlight=False).print(message, soft_wrap=True)
