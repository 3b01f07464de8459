"""`steadypost population`: invent users, products and purchases for load and chaos runs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from loadtests.people import USUAL_SHARES, AddressShares
from loadtests.population import Population, write_population
from system.storage.database import process_engine

app = typer.Typer(help="Invented users, products and purchases.", no_args_is_help=True)

Share = Annotated[float, typer.Option(min=0, max=1)]


@app.callback()
def _group() -> None:
    """Keep `generate` a sub-command while it is the only one."""


@app.command()
def generate(
    *,
    users: Annotated[int, typer.Option(min=1)],
    products: Annotated[int, typer.Option(min=1)] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed invents the same people.")] = 1,
    append: Annotated[bool, typer.Option("--append", help="Add to the users that are there already.")] = False,
    missing_address: Share = USUAL_SHARES.missing,
    invalid_address: Share = USUAL_SHARES.invalid,
    inactive: Share = USUAL_SHARES.inactive,
    suppressed: Share = USUAL_SHARES.suppressed,
) -> None:
    """Fill the database with invented people and what they bought."""
    console = Console()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    population = Population(
        users=users,
        products=products,
        seed=seed,
        until=midnight,
        shares=AddressShares(missing_address, invalid_address, inactive, suppressed),
    )
    started = time.monotonic()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Inventing users", total=users)
        written = write_population(
            process_engine(),
            population,
            append=append,
            on_users=lambda count: progress.update(task, completed=count),
        )
    took_s = time.monotonic() - started
    console.print(
        f"{written.users:,} users, {written.products:,} products and {written.orders:,} orders in {took_s:.1f} s"
    )
