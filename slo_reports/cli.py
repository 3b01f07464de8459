"""`steadypost slo`: judge a recorded run, now or years later."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from slo_reports.judge import judge as judge_run
from slo_reports.run_folder import RunFolder
from slo_reports.verdict import ExitCode, Status, exit_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.verdict import Verdict

app = typer.Typer(no_args_is_help=True, help="Judge recorded runs.")

COLOURS = {Status.MET: "green", Status.MISSED: "red", Status.UNKNOWN: "yellow"}
SUMMARIES = {
    ExitCode.MET: "[green]met[/]: every objective and invariant holds",
    ExitCode.MISSED: "[red]missed[/]: an objective was missed, every invariant holds",
    ExitCode.VIOLATED: "[red]violated[/]: an invariant does not hold",
    ExitCode.INCONCLUSIVE: "[yellow]inconclusive[/]: the run does not prove enough",
}


@app.callback()
def _group() -> None:
    """Judge recorded runs."""


@app.command()
def judge(run: Annotated[Path, typer.Argument(help="A folder under slo_reports/runs/.")]) -> None:
    """Print every verdict; exits with 0 met, 1 missed, 2 violated, 3 inconclusive."""
    verdicts = judge_run(RunFolder(run))
    code = exit_code(verdicts)
    console = Console()
    console.print(_table(verdicts))
    console.print(f"{SUMMARIES[code]} [dim]({escape(str(run))})[/]", soft_wrap=True)
    raise typer.Exit(code)


def _table(verdicts: Sequence[Verdict]) -> Table:
    table = Table("", "what", "verdict", "says")
    for verdict in verdicts:
        colour = COLOURS[verdict.status]
        says = "\n".join([escape(verdict.says), *(f"[dim]{escape(line)}[/]" for line in verdict.evidence[:5])])
        table.add_row(verdict.id, verdict.name, f"[{colour}]{verdict.status}[/]", says)
    return table
