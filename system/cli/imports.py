"""`steadypost import`: purchases of another system into the tables."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from system.storage.database import process_engine

if TYPE_CHECKING:
    from system.imports.importing import ImportReport

SHOW_EVERY_LINES = 5_000

app = typer.Typer(help="Purchases from files.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `online-retail` a sub-command while it is the only one."""


@app.command()
def online_retail(
    file: Annotated[Path, typer.Argument(help="Online Retail II as .csv, .csv.gz or .xlsx, in its original layout.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first malformed row.")] = False,
) -> None:
    """Import UCI's data set of real purchases; the same file twice changes nothing."""
    from system.imports.importing import import_online_retail  # noqa: PLC0415  # openpyxl slows every other command

    console = Console()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Reading", total=None)

        def show(lines: int) -> None:
            if lines % SHOW_EVERY_LINES == 0:
                progress.update(task, description=f"{lines:,} rows read")

        report = import_online_retail(process_engine(), file, strict=strict, on_lines=show)
    console.print(_summary(report))
    for problem in report.problems:
        console.print(f"malformed: {escape(problem)}")


def _summary(report: ImportReport) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row("rows read", f"{report.lines:,}")
    table.add_row("purchases", f"{report.purchases:,}")
    for reason, count in report.left_out.most_common():
        table.add_row(f"left out: {reason}", f"{count:,}")
    table.add_row("users added", f"{report.users_added:,}")
    table.add_row("products added", f"{report.products_added:,}")
    table.add_row("orders added", f"{report.orders_added:,}")
    return table
