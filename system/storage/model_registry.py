"""Statements about models and which of them is active: the newest row of the log of activations says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from sqlalchemy import Connection

Action = Literal["activated", "rolled back"]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A registered model; `sha256` is of its whole file."""

    version: str
    sha256: str
    file_bytes: int
    trained_on: date
    created_at: datetime
    card: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Activation:
    """One line of the log."""

    version: str
    at: datetime
    action: Action
    forced_reason: str | None


def register(
    connection: Connection, *, version: str, sha256: str, file_bytes: int, trained_on: date, card: Mapping[str, Any]
) -> bool:
    """Add a model; False when the version is there already, which is the same file by construction."""
    statement = text("""
        INSERT INTO models (version, sha256, file_bytes, trained_on, card)
        VALUES (:version, :sha256, :file_bytes, :trained_on, CAST(:card AS jsonb))
        ON CONFLICT (version) DO NOTHING
    """)
    written = orjson.dumps(card, option=orjson.OPT_NON_STR_KEYS)  # names of metrics are members of enumerations
    values = {"version": version, "sha256": sha256, "file_bytes": file_bytes, "trained_on": trained_on}
    return connection.execute(statement, {**values, "card": written.decode()}).rowcount == 1


_MODEL = "SELECT version, sha256, file_bytes, trained_on, created_at, card FROM models "


def models(connection: Connection) -> list[Model]:
    """All models, the newest first."""
    rows = connection.execute(text(_MODEL + "ORDER BY created_at DESC, version")).mappings()
    return [Model(**row) for row in rows]


def model_of_version(connection: Connection, *, version: str) -> Model | None:
    """One model."""
    row = connection.execute(text(_MODEL + "WHERE version = :version"), {"version": version}).mappings().one_or_none()
    return Model(**row) if row else None


def active_version(connection: Connection) -> str | None:
    """The version that new campaigns pin; None before the first activation."""
    statement = text("SELECT version FROM model_activations ORDER BY id DESC LIMIT 1")
    return connection.execute(statement).scalar_one_or_none()


def activations(connection: Connection) -> list[Activation]:
    """The whole log, the oldest first."""
    statement = text("SELECT version, at, action, forced_reason FROM model_activations ORDER BY id")
    return [Activation(**row) for row in connection.execute(statement).mappings()]


def hold_activations(connection: Connection) -> None:
    """Let nobody else change the active model until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('steadypost model_activations'))"))


def log_activation(connection: Connection, *, version: str, action: Action, forced_reason: str | None) -> None:
    """Make a version the active one."""
    statement = text("""
        INSERT INTO model_activations (version, action, forced_reason) VALUES (:version, :action, :forced_reason)
    """)
    connection.execute(statement, {"version": version, "action": action, "forced_reason": forced_reason})


def version_before(log: Iterable[Activation]) -> str | None:
    """Where a rollback goes: an activation puts a version on the pile, a rollback takes the topmost away."""
    pile: list[str] = []
    for line in log:
        if line.action == "activated":
            pile.append(line.version)
        elif len(pile) > 1:
            pile.pop()
    return pile[-2] if len(pile) > 1 else None
