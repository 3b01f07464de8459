"""Which models a campaign is scored with: copied when it is created, so that a rollout never changes it halfway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class Pins:
    """A campaign's models; `model_version` is None until some model is active."""

    newsletter_id: int
    model_version: str | None
    challenger_version: str | None
    challenger_share: float | None
    shadow_version: str | None
    unusable_s: float | None
    """For how long workers have been unable to load the model."""


_PINS = """
    newsletter_id, model_version, challenger_version, challenger_share, shadow_version,
    CAST(extract(epoch FROM clock_timestamp() - model_unusable_since) AS float) AS unusable_s
"""


def pins_of(connection: Connection, *, campaign_id: int) -> Pins | None:
    """What a campaign pins; a campaign that was made before any model was active pins the active one now.

    Compare-and-set: of many workers that find none, the first one decides for all.
    """
    pins = pins_at_rest(connection, campaign_id=campaign_id)
    if pins is None or pins.model_version is not None:
        return pins
    statement = text("""
        UPDATE campaigns SET model_version = (SELECT version FROM model_activations ORDER BY id DESC LIMIT 1)
        WHERE id = :id AND model_version IS NULL
    """)
    connection.execute(statement, {"id": campaign_id})
    return pins_at_rest(connection, campaign_id=campaign_id)


def pins_at_rest(connection: Connection, *, campaign_id: int) -> Pins | None:
    """The same, and nothing is pinned by looking."""
    statement = text(f"SELECT {_PINS} FROM campaigns WHERE id = :id")  # noqa: S608  # a constant
    row = connection.execute(statement, {"id": campaign_id}).mappings().one_or_none()
    return Pins(**row) if row else None


def move_open_campaigns(connection: Connection, *, version: str) -> int:
    """Let campaigns under way go on with another model; jobs that have their products keep them. How many moved."""
    statement = text("""
        UPDATE campaigns SET model_version = :version, model_unusable_since = NULL
        WHERE completed_at IS NULL AND model_version <> :version
    """)
    return connection.execute(statement, {"version": version}).rowcount


def note_unusable(connection: Connection, *, campaign_id: int) -> None:
    """A worker could not load the campaign's model; the first time counts."""
    statement = text("""
        UPDATE campaigns SET model_unusable_since = clock_timestamp() WHERE id = :id AND model_unusable_since IS NULL
    """)
    connection.execute(statement, {"id": campaign_id})


def note_usable(connection: Connection, *, campaign_id: int) -> None:
    """Some worker has it again."""
    connection.execute(text("UPDATE campaigns SET model_unusable_since = NULL WHERE id = :id"), {"id": campaign_id})


def set_challenger(connection: Connection, *, newsletter: str, version: str | None, share: float | None) -> bool:
    """Try a model on a share of the people from the next campaign on, or stop it; False for an unknown newsletter."""
    statement = text("""
        UPDATE newsletters SET challenger_version = :version, challenger_share = :share WHERE name = :newsletter
    """)
    values = {"newsletter": newsletter, "version": version, "share": share}
    return connection.execute(statement, values).rowcount == 1


def set_shadow(connection: Connection, *, newsletter: str, version: str | None) -> bool:
    """Let a model score beside from the next campaign on, or stop it; False for an unknown newsletter."""
    statement = text("UPDATE newsletters SET shadow_version = :version WHERE name = :newsletter")
    return connection.execute(statement, {"newsletter": newsletter, "version": version}).rowcount == 1
