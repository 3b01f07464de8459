"""PostgreSQL as the record needs it: its version, what a crash may undo, and our tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from system.preflight.finding import Finding, Level
from system.storage import epochs
from system.storage.database import new_engine, transaction, unreachable
from system.storage.schema import pending_revision

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from system.settings import Settings

MIN_VERSION: Final = 150_000


def examine_postgres(settings: Settings) -> list[Finding]:
    """Everything; DependencyError when it can't be reached."""
    engine = new_engine(settings.database_url.get_secret_value(), application="steadypost-preflight", pool_size=1)
    try:
        schema = _schema(engine)
        return [*_server(engine), schema, *([_sending(engine)] if schema.level is Level.OK else [])]
    except OperationalError as exc:
        raise unreachable(settings.database_url.get_secret_value(), exc) from None
    finally:
        engine.dispose()


def _server(engine: Engine) -> list[Finding]:
    with transaction(engine) as connection:
        names = ("server_version_num", "server_version", "fsync", "synchronous_commit")
        number, version, fsync, commit = (connection.execute(text(f"SHOW {name}")).scalar_one() for name in names)
    durable = fsync == "on" and commit != "off"
    return [
        Finding(
            what="postgres",
            level=Level.OK if int(number) >= MIN_VERSION else Level.FIX,
            says=f"version {version} (15 or newer is needed)",
        ),
        Finding(
            what="durability",
            level=Level.OK if durable else Level.FIX,
            says=f"fsync={fsync}, synchronous_commit={commit}: an intent that a crash undoes would be sent twice",
        ),
    ]


def _sending(engine: Engine) -> Finding:
    with transaction(engine) as connection:
        reason = epochs.lock_reason(connection)
    says = f"locked: {reason}. Find out what was sent: `steadypost db reconcile` (docs/backup.md)" if reason else "open"
    return Finding(what="sending", level=Level.WARN if reason else Level.OK, says=says)


def _schema(engine: Engine) -> Finding:
    behind = pending_revision(engine)
    says = f"the database is not migrated: run `steadypost db upgrade` to {behind}" if behind else "current"
    return Finding(what="schema", level=Level.FIX if behind else Level.OK, says=says)
