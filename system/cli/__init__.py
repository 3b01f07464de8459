"""The `steadypost` command line: every error a person can meet is one message on stderr and a non-zero exit."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import typer
from psycopg.errors import UndefinedTable
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import OperationalError, ProgrammingError

from system.cli import campaign, database, doctor, imports, job, metrics, model, newsletter, plan, preview
from system.errors import DependencyError, SteadypostError

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint

ANY_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(name="steadypost", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(database.app, name="db")
app.add_typer(campaign.app, name="campaign")
app.add_typer(newsletter.app, name="newsletter")
app.add_typer(job.app, name="job")
app.add_typer(model.app, name="model")
app.add_typer(imports.app, name="import")
app.add_typer(metrics.app, name="metrics")
app.command(name="preview")(preview.preview)
app.command(name="plan")(plan.plan)
app.command(name="doctor")(doctor.doctor)


def _add_commands_of_other_packages(asked: str | None) -> None:
    """`stack`, `population`, `slo-test` and the like: found by name, since `system` must not import them.

    Loaded is what is asked for, and everything only for help: the judge's libraries take seconds to import.
    """
    for found in _wanted(asked):
        try:
            command = found.load()
        except ModuleNotFoundError as exc:
            stand_in = _unavailable(found.name, missing=exc.name)
            app.command(name=found.name, context_settings=ANY_ARGUMENTS)(stand_in)
            continue
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=found.name)
        else:
            app.command(name=found.name)(command)


def _wanted(asked: str | None) -> list[EntryPoint]:
    others = entry_points(group="steadypost.commands")
    ours = {group.name for group in app.registered_groups} | {command.name for command in app.registered_commands}
    if asked in ours:
        return []
    return [found for found in others if found.name == asked] or list(others)


def _unavailable(name: str, *, missing: str | None) -> Callable[[typer.Context], None]:
    """A command whose package is installed without what it needs: production images leave the stack out."""

    def explain(_context: typer.Context) -> None:
        raise DependencyError(f"`steadypost {name}` needs {missing}. Install the extra: steadypost[stack,proof]")

    explain.__doc__ = "Not installed here."
    return explain


def main() -> None:
    """Run the command line."""
    console = Console(stderr=True, highlight=False)
    try:
        _add_commands_of_other_packages(next(iter(sys.argv[1:]), None))
        app()
    except SteadypostError as exc:
        console.print(f"[red]error:[/] {escape(str(exc))}", soft_wrap=True)
        sys.exit(1)
    except OperationalError as exc:
        lines = str(exc.orig).strip().splitlines() or ["no details"]
        console.print(f"[red]error:[/] PostgreSQL can't be used: {escape(lines[0])}. Try `steadypost doctor`.")
        sys.exit(1)
    except ProgrammingError as exc:
        if not isinstance(exc.orig, UndefinedTable):
            raise
        console.print("[red]error:[/] the database has no tables, or old ones. Run `steadypost db upgrade`.")
        sys.exit(1)
