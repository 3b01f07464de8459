"""`steadypost model ab|shadow|lift`: try a model on some people, or beside, and see what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from system.errors import InputError
from system.recommender.model_folder import check_file
from system.recommender.rollout import registered
from system.settings import load_settings
from system.storage import model_pins, model_registry
from system.storage.database import process_engine, transaction

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer()

Newsletter = Annotated[str, typer.Argument(help="The newsletter's name, such as weekly-recos.")]


@app.command()
def ab(
    newsletter: Newsletter,
    *,
    challenger: Annotated[str | None, typer.Option(help="The version to try.")] = None,
    share: Annotated[float, typer.Option(help="Of the people, between 0 and 1.")] = 0.1,
    off: Annotated[bool, typer.Option("--off", help="Try nothing from the next campaign on.")] = False,
) -> None:
    """Mail a challenger to a share of the people, from the next campaign on; `model lift` shows what came of it."""
    version = _one_of(challenger, off=off, field="challenger")
    if not 0 < share < 1:
        raise InputError(field="share", value=share, problem="is no share", remedy="Give more than 0 and less than 1")
    with transaction(process_engine()) as connection:
        if version is not None:
            _check(connection, version)
            if version == model_registry.active_version(connection):
                remedy = "Try another one; see `steadypost model list`"
                raise InputError(field="challenger", value=version, problem="is the active model", remedy=remedy)
        known = model_pins.set_challenger(
            connection, newsletter=newsletter, version=version, share=None if version is None else share
        )
        _require(known, newsletter)
    typer.echo(f"{newsletter}: {'no challenger' if version is None else f'{version} for {share:.1%} of the people'}")


@app.command()
def shadow(
    newsletter: Newsletter,
    version: Annotated[str | None, typer.Argument(help="The version that scores beside.")] = None,
    *,
    off: Annotated[bool, typer.Option("--off", help="No shadow from the next campaign on.")] = False,
) -> None:
    """Score every batch with another model too, from the next campaign on; its answers are never mailed."""
    chosen = _one_of(version, off=off, field="version")
    with transaction(process_engine()) as connection:
        if chosen is not None:
            _check(connection, chosen)
        _require(model_pins.set_shadow(connection, newsletter=newsletter, version=chosen), newsletter)
    typer.echo(f"{newsletter}: {'no shadow' if chosen is None else f'{chosen} is the shadow'}")


def _one_of(version: str | None, *, off: bool, field: str) -> str | None:
    if off == (version is not None):
        raise InputError(field=field, value=version, problem="and --off exclude each other", remedy="Give one of them")
    return version


def _check(connection: Connection, version: str) -> None:
    model = registered(connection, version=version)
    check_file(load_settings().model_folder, version=version, sha256=model.sha256)


def _require(known: bool, newsletter: str) -> None:  # noqa: FBT001  # private, and reads well
    if not known:
        remedy = "See `steadypost campaign`"
        raise InputError(field="newsletter", value=newsletter, problem="does not exist", remedy=remedy)
