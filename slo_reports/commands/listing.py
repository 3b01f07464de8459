"""`slo list` and `slo open`: which runs there are, and a look at one."""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from slo_reports.commands.choice import LATEST, RUNS, UnknownRunError, chosen, recorded
from slo_reports.commands.errors import explained
from slo_reports.commands.terminal import terminal
from slo_reports.run_folder import UnreadableRunError

if TYPE_CHECKING:
    from slo_reports.run_folder import RunFolder

PAGE: Final = "report.html"
JSON: Final = "report.json"
COLOURS: Final = {"met": "green", "missed": "red", "violated": "red"}


def list_runs() -> None:
    """Show every recorded run, newest first, with what was found of it."""
    console = terminal()
    runs = recorded()
    if not runs:
        console.print(f"{RUNS} holds no runs yet; `make slo-test` records one.")
        return
    table = Table("run", "started", "profile", "state", "verdict")
    for run in runs:
        table.add_row(*_row(run))
    console.print(table)


def _row(run: RunFolder) -> tuple[str, ...]:
    try:
        facts = run.facts()
    except UnreadableRunError as exc:
        why = str(exc).replace(f"{run.path}/", "")
        return (run.path.name, "", "", f"[yellow]unreadable: {escape(why)}[/]", "")
    texts = [str(facts.get(key, "")) for key in ("started", "profile", "state")]
    return (run.path.name, texts[0][:19], texts[1], texts[2], _verdict(run))


def _verdict(run: RunFolder) -> str:
    try:
        outcome = str(json.loads((run.path / JSON).read_text(encoding="utf-8"))["verdict"]["outcome"])
    except FileNotFoundError:
        return "[dim]not judged[/]"
    except (OSError, ValueError, KeyError, TypeError):
        return "[yellow]unreadable report[/]"
    return f"[{COLOURS.get(outcome, 'yellow')}]{escape(outcome)}[/]"


def open_run(
    run: Annotated[str, typer.Argument(metavar="RUN", help=f"A folder, a name under {RUNS}, or {LATEST}.")] = LATEST,
) -> None:
    """Show the report in the browser, or say where it is when there is no screen."""
    with explained():
        page = chosen(run).path / PAGE
        if not page.exists():
            raise UnknownRunError(f"{page} does not exist; `steadypost slo judge {run}` draws it")
    terminal().print(str(page.resolve()), soft_wrap=True)
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(page.resolve().as_uri())
