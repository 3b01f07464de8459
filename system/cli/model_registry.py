"""`steadypost model list|show|activate|rollback`: which models there are, and which one is mailed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from system.errors import InputError
from system.recommender.card_gate import ndcg_beside_baseline, refusal
from system.recommender.model_folder import file_state, model_file
from system.recommender.rollout import activate as make_active
from system.recommender.rollout import registered, roll_back
from system.settings import load_settings
from system.storage import model_pins, model_registry, shadows
from system.storage.database import process_engine, transaction

if TYPE_CHECKING:
    from system.storage.model_registry import Activation, Model

app = typer.Typer()

Version = Annotated[str, typer.Argument(help="A version as `steadypost model list` shows it.")]
AlsoRunning = Annotated[
    bool, typer.Option("--also-running", help="Campaigns under way take it too; who has products keeps them.")
]


@app.command(name="list")
def list_models() -> None:
    """Show all models, the newest first."""
    with transaction(process_engine()) as connection:
        models = model_registry.models(connection)
        active = model_registry.active_version(connection)
    if not models:
        typer.echo("no models yet: steadypost model train")
        return
    Console().print(_table(models, active=active))


@app.command()
def show(version: Version) -> None:
    """Show a model's card, and when it was active."""
    with transaction(process_engine()) as connection:
        model = registered(connection, version=version)
        watched = shadows.totals_of_version(connection, version=version)
        log = [line for line in model_registry.activations(connection) if line.version == version]
    console = Console()
    folder = load_settings().model_folder
    state = file_state(folder, version=version, sha256=model.sha256)
    console.print(f"{model_file(folder, version)}: {state}, {model.file_bytes:,} bytes, sha256 {model.sha256}")
    console.print(f"gate: {refusal(model.card) or _passed(model)}", highlight=False)
    for line in log:
        console.print(f"{line.at:%Y-%m-%d %H:%M:%S} {line.action}{_because(line)}", markup=False)
    for campaign, users, overlap, same_first in watched:
        told = f"{overlap:.1%} of the mailed products, the same first one for {same_first:.1%}"
        console.print(f"shadow of {campaign}: {users:,} people, {told}", markup=False)
    console.print_json(json.dumps(dict(model.card)))


@app.command()
def activate(
    version: Version,
    *,
    force: Annotated[bool, typer.Option("--force", help="Take a model that the gate refuses.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why, kept in the log; with --force.")] = None,
    also_running: AlsoRunning = False,
) -> None:
    """Mail a model from the next campaign on; a missing or altered file is refused, and a model that is too bad."""
    if force != bool(reason and reason.strip()):
        raise InputError(
            field="reason", value=reason, problem="and --force go together", remedy="Give both, or neither"
        )
    folder = load_settings().model_folder
    with transaction(process_engine()) as connection:
        changed = make_active(connection, folder=folder, version=version, forced_reason=reason if force else None)
        model = registered(connection, version=version)
        moved = model_pins.move_open_campaigns(connection, version=version) if also_running else 0
    typer.echo(f"{version} is active{'' if changed else ' already'}: {refusal(model.card) or _passed(model)}")
    _tell_moved(moved)


@app.command()
def rollback(*, also_running: AlsoRunning = False) -> None:
    """Go back to the model that was active before; again goes back further."""
    with transaction(process_engine()) as connection:
        version = roll_back(connection, folder=load_settings().model_folder)
        moved = model_pins.move_open_campaigns(connection, version=version) if also_running else 0
    typer.echo(f"{version} is active again")
    _tell_moved(moved)


def _tell_moved(campaigns: int) -> None:
    if campaigns:
        typer.echo(f"campaigns under way that take it too: {campaigns}")


def _passed(model: Model) -> str:
    if model.card.get("metrics") is None:
        return "not evaluated, there were too few orders"
    return "not worse than recent popularity"


def _because(line: Activation) -> str:
    return f", although {line.forced_reason}" if line.forced_reason else ""


def _table(models: list[Model], *, active: str | None) -> Table:
    folder = load_settings().model_folder
    table = Table("version", "trained on", "NDCG@5, model / recently popular", "active", "file")
    for model in models:
        state = file_state(folder, version=model.version, sha256=model.sha256)
        table.add_row(
            model.version,
            model.trained_on.isoformat(),
            ndcg_beside_baseline(model.card),
            "active" if model.version == active else "",
            f"[{'green' if state == 'ok' else 'red'}]{state}[/]",
        )
    return table
