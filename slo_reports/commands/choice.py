"""Which run is meant: a folder, the name of one under `slo_reports/runs`, or `latest`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from slo_reports.run_folder import RUN, RunFolder

RUNS: Final = Path("slo_reports/runs")
LATEST: Final = "latest"

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help=f"A folder, a name under {RUNS}, or {LATEST}.")]


class UnknownRunError(Exception):
    """Raised when no folder is meant by what was said."""


def chosen(said: str) -> RunFolder:
    """A folder wins over a name; `latest` is resolved, so that the run is called by its own name."""
    for path in (Path(said), RUNS / said):
        if path.is_dir():
            return RunFolder(path.resolve() if path.is_symlink() else path)
    there = ", ".join(folder.path.name for folder in recorded()[:3]) or "none"
    raise UnknownRunError(f"RUN is {said!r}: neither a folder nor the name of one under {RUNS} (newest: {there})")


def recorded() -> list[RunFolder]:
    """Every run under `slo_reports/runs`, newest first; their names begin with the moment of their start."""
    folders = (path for path in RUNS.glob("*") if path.is_dir() and not path.is_symlink())
    return [RunFolder(path) for path in sorted(folders, key=lambda path: path.name, reverse=True)]


def is_recorded_here(folder: RunFolder) -> bool:
    """Whether it is one of this checkout's own runs, and no copy or example."""
    return (folder.path / RUN).exists() and folder.path.resolve().parent == RUNS.resolve()
