"""`slo export`: a small copy of a run, with the same verdicts, that can be committed."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import Annotated

import typer
from rich.console import Console

from slo_reports.commands.choice import RunArgument, chosen
from slo_reports.commands.errors import explained
from slo_reports.export import export


def export_run(run: RunArgument, out: Annotated[Path, typer.Option(help="A folder that does not exist yet.")]) -> None:
    """Write a compact copy of RUN: random ids renumbered, files packed, verdicts the same."""
    with explained():
        exported = export(chosen(run), out=out)
    console = Console(highlight=False)
    console.print(f"{exported.path}: {exported.bytes_after / 1e6:.1f} MB, from {exported.bytes_before / 1e6:.1f} MB")
