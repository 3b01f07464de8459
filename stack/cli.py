"""`steadypost stack`: the whole system on this machine, by hand."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from stack.environment import parse_overrides
from stack.errors import StackError
from stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

app = typer.Typer(help="Run the whole system on this machine, without containers.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--name", help="Stacks of different names run side by side.")]
DEFAULT_NAME = "default"


@app.command()
def up(
    name: Name = DEFAULT_NAME,
    *,
    without_fake: Annotated[bool, typer.Option("--without-fake", help="Don't start the fake provider.")] = False,
    servers_only: Annotated[bool, typer.Option("--servers-only", help="Start no web, workers and beats.")] = False,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Override a setting; may be repeated.")
    ] = None,
) -> None:
    """Start everything, and return when everything works."""
    console = Console()
    with _errors_to_stderr():
        stack = Stack(
            name,
            with_fake=not without_fake,
            with_applications=not servers_only,
            overrides=parse_overrides(assignments or []),
        )
        with console.status("starting") as status:
            stack.up(announce=lambda what: status.update(f"waiting for {what}"))
        console.print(_table(stack))
        console.print(f'Its settings: eval "$(steadypost stack env --name {name})"', highlight=False)


@app.command()
def status(name: Name = DEFAULT_NAME) -> None:
    """Show every process; exits with 1 when one of them doesn't run."""
    with _errors_to_stderr():
        stack = Stack(name)
        Console().print(_table(stack))
        states = stack.states()
    if not states or any(state.state != "RUNNING" for state in states):
        raise typer.Exit(1)


@app.command()
def logs(
    program: Annotated[str, typer.Argument(help="Such as web or worker-emails; all without it.")] = "*",
    name: Name = DEFAULT_NAME,
    *,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0)] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow")] = False,
) -> None:
    """Show the end of the logs."""
    with _errors_to_stderr():
        found = sorted(Stack(name).place.logs.glob(f"{program}.log"))
        if not found:
            raise StackError(f"stack {name!r} has no log of {program!r}")
    sys.stdout.flush()
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), *map(str, found)])  # noqa: S606, S607  # tail follows rotation better than we would


@app.command()
def down(
    name: Name = DEFAULT_NAME,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Delete its folder and data as well.")] = False,
) -> None:
    """Stop everything, also what a crash left behind."""
    with _errors_to_stderr():
        stack = Stack(name)
        stack.down()
        if remove:
            stack.place.remove()


@app.command()
def env(name: Name = DEFAULT_NAME) -> None:
    """Print the settings as shell commands: eval "$(steadypost stack env)"."""
    with _errors_to_stderr():
        for variable, value in Stack(name).env.items():
            typer.echo(f"export {variable}={shlex.quote(value)}")


@contextmanager
def _errors_to_stderr() -> Iterator[None]:
    try:
        yield
    except StackError as exc:
        typer.echo(f"error: {exc}", err=True)
        raise typer.Exit(1) from None


def _table(stack: Stack) -> Table:
    ports = stack.ports
    management = f"http://127.0.0.1:{ports['fake_management']} (management)"
    addresses = {
        "postgres": f"127.0.0.1:{ports['postgres']}",
        "redis": f"redis://127.0.0.1:{ports['redis']}",
        "fake_sendgrid": f"http://127.0.0.1:{ports['fake']}\n{management}",
        "web": f"http://127.0.0.1:{ports['web']}",
    }
    table = Table("program", "state", "pid", "up", box=SIMPLE_HEAD, title=f"stack {stack.place.name}")
    table.add_column("address", overflow="fold")
    for state in stack.states():
        up_for = str(timedelta(seconds=state.uptime_s)) if state.pid else ""
        table.add_row(state.name, state.state.lower(), str(state.pid or ""), up_for, addresses.get(state.name, ""))
    return table
