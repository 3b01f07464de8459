"""`slo compare`: what changed between two runs, beyond their noise and beyond what matters."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from slo_reports.commands.choice import RunArgument, chosen
from slo_reports.commands.errors import explained
from slo_reports.commands.terminal import terminal
from slo_reports.compare import BETTER, INCONCLUSIVE, SAME, WORSE, compare
from slo_reports.tables import Run
from slo_reports.verdict import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS: Final = {SAME: "dim", BETTER: "green", WORSE: "red", INCONCLUSIVE: "yellow"}


def compare_runs(
    run: RunArgument,
    baseline: RunArgument,
    out: Annotated[Path | None, typer.Option(help="Write the rows there, as JSON.")] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Compare runs of different profiles.")] = False,
) -> None:
    """Compare RUN with BASELINE; exits with 1 when a number became worse beyond noise."""
    console = terminal()
    with explained(), Run(chosen(run)) as ours, Run(chosen(baseline)) as theirs:
        comparison = compare(ours, theirs, force=force)
        if out is not None:
            out.write_text(json.dumps(asdict(comparison), indent=2) + "\n", encoding="utf-8")
    console.print(_table(comparison.rows))
    for difference in comparison.differences:
        console.print(f"[yellow]not the same:[/] {escape(difference)}", soft_wrap=True)
    if comparison.regressed:
        console.print(f"[red]worse:[/] {', '.join(comparison.regressed)}")
        raise typer.Exit(ExitCode.MISSED)
    console.print(f"nothing became worse than in {comparison.baseline_id}")


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table("", "unit", "baseline", "this run", "change", "95 %", "verdict")
    for row in rows:
        interval = row["interval"]
        shown = "-" if interval is None else f"{_shown(interval[0])} … {_shown(interval[1])}"
        colour = COLOURS[row["verdict"]]
        cells = [_shown(row["baseline"]), _shown(row["value"]), _shown(row["delta"]), shown]
        table.add_row(row["name"], row["unit"], *cells, f"[{colour}]{row['verdict']}[/]")
    return table


def _shown(number: float | None) -> str:
    return "-" if number is None else f"{number:,.4g}"
