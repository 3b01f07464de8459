"""`slo export`: a small copy of a run, with the same verdicts and a report of its own, that can be committed."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import Annotated

import typer

from slo_reports.commands.choice import RunArgument, chosen
from slo_reports.commands.errors import explained
from slo_reports.commands.judging import judgement_of
from slo_reports.commands.terminal import terminal
from slo_reports.export import export
from slo_reports.report import write_report
from slo_reports.run_folder import RunFolder
from slo_reports.tables import Run


def export_run(run: RunArgument, out: Annotated[Path, typer.Option(help="A folder that does not exist yet.")]) -> None:
    """Write a compact copy of RUN: random ids numbered, files packed, verdicts the same, with its report."""
    with explained():
        exported = export(chosen(run), out=out)
        with Run(RunFolder(out)) as copy:
            write_report(copy, judgement_of(copy).verdicts, out=out)
    before, after = exported.bytes_before / 1e6, exported.bytes_after / 1e6
    total = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
    console = terminal()
    console.print(f"{out}: {after:.2f} MB from {before:.1f} MB, {total:.2f} MB with its report", soft_wrap=True)
