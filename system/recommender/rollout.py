"""Which model is mailed: activation behind its gate, and the way back."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Any

from system.errors import InputError, ModelError
from system.recommender.card_gate import refusal
from system.recommender.model_file import read_sealed
from system.recommender.model_folder import check_file, model_file
from system.storage import model_registry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from system.storage.model_registry import Model

NO_MODEL = "no model is active. Run `steadypost model train`, or `steadypost model activate VERSION`."
SEE = "See `steadypost model list`"


def register_file(connection: Connection, *, folder: Path, card: Mapping[str, Any]) -> None:
    """Add the file that the card's version names; raises ModelError when it is not there or not whole."""
    content = read_sealed(model_file(folder, card["version"]))
    model_registry.register(
        connection,
        version=card["version"],
        sha256=hashlib.sha256(content).hexdigest(),
        file_bytes=len(content),
        trained_on=date.fromisoformat(card["trained_on"]),
        card=card,
    )


def publish(connection: Connection, *, folder: Path, card: Mapping[str, Any], activate_it: bool = False) -> bool:
    """Register what a training wrote, activate it when asked or when it is the first one; whether it is active.

    A model that the gate refuses is registered all the same: somebody may want to see its card, or take it by force.
    """
    register_file(connection, folder=folder, card=card)
    if activate_it and refusal(card) is None:
        activate(connection, folder=folder, version=card["version"])
        return True
    first = activate_if_first(connection, version=card["version"])
    return first or model_registry.active_version(connection) == card["version"]


def activate_if_first(connection: Connection, *, version: str) -> bool:
    """Make the version the active one while there is none, so that a fresh installation can mail; or False.

    The gate holds here too: a first model that is worse than the baseline waits for somebody to take it.
    """
    model_registry.hold_activations(connection)
    if model_registry.active_version(connection) is not None or refusal(registered(connection, version=version).card):
        return False
    model_registry.log_activation(connection, version=version, action="activated", forced_reason=None)
    return True


def activate(connection: Connection, *, folder: Path, version: str, forced_reason: str | None = None) -> bool:
    """Make a version the active one; False when it is already.

    ModelError when its file is missing or altered, which nothing can force; InputError when its card says that it is
    worse than the baseline and no reason is given to take it all the same.
    """
    model_registry.hold_activations(connection)
    model = registered(connection, version=version)
    check_file(folder, version=version, sha256=model.sha256)
    if (why_not := refusal(model.card)) and forced_reason is None:
        remedy = "Train again, or take it all the same with --force --reason TEXT"
        raise InputError(field="version", value=version, problem=f"is refused: {why_not}", remedy=remedy)
    if model_registry.active_version(connection) == version:
        return False
    kept_reason = forced_reason if why_not else None
    model_registry.log_activation(connection, version=version, action="activated", forced_reason=kept_reason)
    return True


def roll_back(connection: Connection, *, folder: Path) -> str:
    """Go back to the version that was active before, and before that when repeated; the version.

    InputError when there is none; ModelError when its file is missing or altered.
    """
    model_registry.hold_activations(connection)
    log = model_registry.activations(connection)
    version = model_registry.version_before(log)
    if version is None:
        now = log[-1].version if log else "no model"
        raise InputError(field="active", value=now, problem="has nothing before it to go back to", remedy=SEE)
    check_file(folder, version=version, sha256=registered(connection, version=version).sha256)
    model_registry.log_activation(connection, version=version, action="rolled back", forced_reason=None)
    return version


def usable_model(connection: Connection, *, folder: Path) -> str:
    """The active version with its file checked; ModelError when there is none, or its file is missing or altered."""
    version = model_registry.active_version(connection)
    if version is None:
        raise ModelError(NO_MODEL)
    check_file(folder, version=version, sha256=registered(connection, version=version).sha256)
    return version


def registered(connection: Connection, *, version: str) -> Model:
    """A model that somebody named; InputError when there is none."""
    model = model_registry.model_of_version(connection, version=version)
    if model is None:
        raise InputError(field="version", value=version, problem="is no registered model", remedy=SEE)
    return model
