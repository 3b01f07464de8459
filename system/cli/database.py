"""`steadypost db`: the schema."""

from __future__ import annotations

import typer

from system.settings import load_settings
from system.storage.schema import upgrade

app = typer.Typer(no_args_is_help=True, help="The database's schema.")


@app.callback()
def _group() -> None:
    """The database's schema."""


@app.command(name="upgrade")
def upgrade_schema() -> None:
    """Bring the schema to the newest revision."""
    head = upgrade(load_settings().database_url.get_secret_value())
    typer.echo(f"schema is at revision {head}")
