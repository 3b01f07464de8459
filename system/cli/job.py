"""`steadypost job`: everything that is known about one mail."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from system.errors import InputError
from system.storage import campaigns
from system.storage.database import process_engine, transaction
from system.storage.jobs import job_facts

app = typer.Typer(no_args_is_help=True, help="One mail.")


@app.callback()
def _group() -> None:
    """One mail."""


@app.command()
def show(
    campaign_id: Annotated[int, typer.Argument(help="The campaign's number.")],
    job_id: Annotated[int, typer.Argument(help="The job's number.")],
) -> None:
    """Show a job's state and its whole history."""
    with transaction(process_engine()) as connection:
        facts = job_facts(connection, campaign_id=campaign_id, job_id=job_id)
        history = campaigns.job_history(connection, campaign_id=campaign_id, job_id=job_id)
    if facts is None:
        raise InputError(
            field="job_id", value=job_id, problem=f"is no job of campaign {campaign_id}", remedy="See `campaign status`"
        )
    console = Console()
    for name, value in facts.items():
        if value is not None:
            console.print(f"[bold]{name:>16}[/] {value}", highlight=False)
    table = Table("at", "happening", "from", "to", "attempt", "reason")
    for row in history:
        moment = f"{row['at']:%Y-%m-%d %H:%M:%S.%f}"[:-3]
        attempt = str(row["attempt_id"] or "")[:8]
        table.add_row(moment, row["happening"], row["from_status"], row["to_status"], attempt, row["reason"] or "")
    console.print(table)
