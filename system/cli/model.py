"""`steadypost model`: train the recommender."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from system.cli import model_arms, model_lift, model_registry
from system.recommender.card_gate import refusal
from system.recommender.model_folder import card_file, model_file
from system.recommender.rollout import publish
from system.settings import load_settings
from system.storage.database import process_engine, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from system.recommender.training import TrainedModel

app = typer.Typer(help="The recommender's models.", no_args_is_help=True)
app.add_typer(model_registry.app)
app.add_typer(model_arms.app)
app.add_typer(model_lift.app)


@app.command()
def train(
    *,
    activate: Annotated[
        bool, typer.Option("--activate", help="Mail it from now on; the first model is anyway.")
    ] = False,
    dims: Annotated[int, typer.Option(min=1, max=1024, help="Dimensions of a product's embedding.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same orders, day and seed give the same version.")] = 0,
) -> None:
    """Train on all orders in the database, write the model's file and register it."""
    from system.recommender import training  # noqa: PLC0415  # SciPy and ONNX would slow every other command's start

    console = Console()
    folder = load_settings().model_folder
    with _progress(console) as progress:
        task = progress.add_task("Reading orders", total=None)

        def show(read: int, total: int) -> None:
            what = "Learning from orders" if read == total else "Reading orders"
            progress.update(task, completed=read, total=total, description=what)

        trained = training.train(
            process_engine(),
            path=folder / ".in-training.onnx",
            trained_on=datetime.now(UTC).date(),
            dims=dims,
            seed=seed,
            on_orders=show,
        )
    console.print(_summary(trained))
    card = _file_away(trained, folder)
    with transaction(process_engine()) as connection:
        active = publish(connection, folder=folder, card=card, activate_it=activate)
    if not active:
        why_not = refusal(card) or "another one is active"
        typer.echo(f"It is not mailed, since {why_not}. See steadypost model activate {trained.version}")


def _file_away(trained: TrainedModel, folder: Path) -> dict[str, Any]:
    trained.path.replace(model_file(folder, trained.version))
    data = {"orders": trained.orders, "users": trained.users, "products": trained.products}
    card = {"version": trained.version, "trained_on": trained.version[:10], "data": data, "metrics": None}
    card_file(folder, trained.version).write_text(json.dumps(card, indent=2), encoding="utf-8")
    return card


def _progress(console: Console) -> Progress:
    return Progress(*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def _summary(trained: TrainedModel) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row("version", trained.version)
    table.add_row("users", f"{trained.users:,}")
    table.add_row("products", f"{trained.products:,}")
    table.add_row("orders", f"{trained.orders:,}")
    table.add_row("dimensions", f"{trained.dims:,}")
    return table
