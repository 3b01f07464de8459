"""The schema's revision: bring it up to date, and know when it is behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from system.storage.database import new_engine, unreachable

if TYPE_CHECKING:
    from sqlalchemy import Engine

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database_url: str) -> str:
    """Bring the schema to the newest revision, and return that; safe to run twice or at the same time.

    The schema of a newer release stays as it is: a release that is rolled back migrates nothing.
    """
    config = _alembic_config(database_url)
    engine = new_engine(database_url, pool_size=1)
    try:
        if pending_revision(engine) is not None:
            command.upgrade(config, "head")
    except OperationalError as exc:
        raise unreachable(database_url, exc) from None
    finally:
        engine.dispose()
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def pending_revision(engine: Engine) -> str | None:
    """The newest revision when the database is behind it, else None.

    A revision that we don't know is one of a newer release, whose schema this one still works with.
    """
    scripts = ScriptDirectory(str(_MIGRATIONS))
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    head = scripts.get_current_head()
    return head if current is None or (current in known and current != head) else None


def _alembic_config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["database_url"] = database_url
    return config
