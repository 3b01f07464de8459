"""`steadypost model`: train the recommender."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from system.cli import model_arms, model_evaluate, model_lift, model_registry
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
app.add_typer(model_evaluate.app)
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
    settings = load_settings()
    with _progress(console) as progress:
        task = progress.add_task("Reading orders", total=None)
        trained = training.train(
            process_engine(),
            path=settings.model_folder / ".in-training.onnx",
            trained_on=datetime.now(UTC).date(),
            dims=dims,
            seed=seed,
            on_step=lambda what, done, of: progress.update(task, description=what, completed=done, total=of),
        )
    card = _file_away(trained, settings.model_folder, revision=settings.release)
    console.print(_summary(card))
    with transaction(process_engine()) as connection:
        active = publish(connection, folder=settings.model_folder, card=card, activate_it=activate)
    if not active:
        why_not = refusal(card) or "another one is active"
        typer.echo(f"It is not mailed, since {why_not}. See steadypost model activate {trained.version}", err=activate)
        if activate:
            raise typer.Exit(1)


def _file_away(trained: TrainedModel, folder: Path, *, revision: str | None) -> dict[str, Any]:
    """Give the file its name and write its card beside it."""
    from system.recommender.card import source_revision, write_card  # noqa: PLC0415  # SciPy, as above

    file = model_file(folder, trained.version)
    trained.path.replace(file)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    card = write_card(trained, sha256=sha256, revision=revision or source_revision())
    card_file(folder, trained.version).write_text(json.dumps(card, indent=2), encoding="utf-8")
    return card


def _progress(console: Console) -> Progress:
    return Progress(*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def _summary(card: dict[str, Any]) -> Table:
    table = Table(show_header=False, box=None)
    data, chosen = card["data"], card["hyper_parameters"]
    life = chosen["half_life_days"]
    table.add_row("version", card["version"])
    table.add_row("orders", f"{data['orders']:,} from {data['first_day']} to {data['last_day']}")
    table.add_row("users", f"{data['users']:,}")
    table.add_row("products", f"{data['products']:,}")
    table.add_row("half-life", "none" if life is None else f"{life:g} days")
    table.add_row("ridge penalty", f"{chosen['l2']:g}")
    table.add_row("quality", _quality(card["metrics"]))
    return table


def _quality(metrics: dict[str, Any] | None) -> str:
    if metrics is None:
        return "not known: too little was bought in the newest weeks to judge by"
    found = metrics["models"]
    others = ", ".join(f"{name} {found[name]['ndcg_at_5']['value']:.4f}" for name in ("popular_14d", "cosine"))
    return f"NDCG@5 {found['model']['ndcg_at_5']['value']:.4f} ({others}) in {metrics['window']['customers']:,} lists"
