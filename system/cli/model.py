"""`steadypost model`: train the recommender."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  # typer reads the annotations at run time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from system.settings import load_settings
from system.storage.database import process_engine

if TYPE_CHECKING:
    from system.recommender.training import TrainedModel

app = typer.Typer(help="The recommender's model.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `train` a sub-command while it is the only one."""


@app.command()
def train(
    *,
    out: Annotated[Path | None, typer.Option(help="The file to write; STEADYPOST_MODEL_PATH when left out.")] = None,
    dims: Annotated[int, typer.Option(min=1, max=1024, help="Dimensions of a product's embedding.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same orders, day and seed give the same version.")] = 0,
) -> None:
    """Train on all orders in the database and write the model's file."""
    from system.recommender import training  # noqa: PLC0415  # SciPy and ONNX would slow every other command's start

    console = Console()
    with _progress(console) as progress:
        task = progress.add_task("Reading orders", total=None)

        def show(read: int, total: int) -> None:
            what = "Learning from orders" if read == total else "Reading orders"
            progress.update(task, completed=read, total=total, description=what)

        trained = training.train(
            process_engine(),
            path=out or load_settings().model_path,
            trained_on=datetime.now(UTC).date(),
            dims=dims,
            seed=seed,
            on_orders=show,
        )
    console.print(_summary(trained))


def _progress(console: Console) -> Progress:
    return Progress(*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def _summary(trained: TrainedModel) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row("version", trained.version)
    table.add_row("file", str(trained.path))
    table.add_row("users", f"{trained.users:,}")
    table.add_row("products", f"{trained.products:,}")
    table.add_row("orders", f"{trained.orders:,}")
    table.add_row("dimensions", f"{trained.dims:,}")
    return table
