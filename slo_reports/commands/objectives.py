"""`slo rules` and `slo validate`: what the SLO files make of Prometheus, and whether files are what they should be."""

from __future__ import annotations

import itertools
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from slo_reports import openslo, schemas
from slo_reports.columns import COLUMNS
from slo_reports.commands.choice import chosen
from slo_reports.commands.errors import explained, tell
from slo_reports.commands.terminal import terminal
from slo_reports.rules import rules as rules_of_all
from slo_reports.tables import Run
from slo_reports.verdict import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKED_LINES: Final = 1_000
"""Of each file: the fields of all lines are checked when the files are read, their shapes by these."""


def write_rules(
    out: Annotated[Path | None, typer.Option(help="The file to write; printed if not given.")] = None,
) -> None:
    """Generate Prometheus recording and alert rules from the SLO files."""
    with explained():
        text = rules_of_all()
        if out is None:
            typer.echo(text, nl=False)
        else:
            out.write_text(text, encoding="utf-8")


def validate(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="A run to validate as well.")] = None,
    slos: Annotated[Path, typer.Option(help="The folder of the SLO files.")] = openslo.SLOS,
) -> None:
    """Hold the SLO files to OpenSLO, and a run folder to its schemas; exits with 3 if a run is not valid."""
    console = terminal()
    with explained():
        console.print(f"{len(openslo.load(slos))} OpenSLO documents are valid ({slos})", soft_wrap=True)
        if run is None:
            return
        with Run(chosen(run)) as recorded:
            found = list(_objections(recorded))
    for objection in found:
        tell(f"[red]error:[/] {escape(objection)}")
    if found:
        raise typer.Exit(ExitCode.INCONCLUSIVE)
    console.print(f"{recorded.folder.path} is valid", soft_wrap=True)


def _objections(run: Run) -> Iterator[str]:
    yield from (f"run.json: {objection}" for objection in schemas.objections(run.facts, schemas.RUN))
    for name in COLUMNS:
        run.load(name)
        if name in run.damage:
            yield run.damage[name]
        elif (run.folder.path / name).exists():
            yield from _first_objections(run, name)


def _first_objections(run: Run, name: str) -> Iterator[str]:
    for number, line in enumerate(itertools.islice(run.folder.lines(name), CHECKED_LINES), start=1):
        if found := schemas.objections(line, schemas.LINES, part=name):
            yield f"{name} line {number}: {found[0]}"
            return
