"""How Alembic reaches the database: online only, under a lock, one transaction per revision, every wait bounded."""

from __future__ import annotations

from alembic import context
from sqlalchemy import NullPool, create_engine, text

from system.storage.models import Base

MIGRATION_LOCK = 7_214_001  # any number, the same in every process that migrates
LOCK_TIMEOUT_MS = 5_000
"""Whoever comes after a migration that waits for a lock waits as well: rather fail, and be run again."""
STATEMENT_TIMEOUT_MS = 900_000


def migrate() -> None:
    """Apply revisions while holding an advisory lock, so that two deploys don't race."""
    engine = create_engine(context.config.attributes["database_url"], poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.exec_driver_sql(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.exec_driver_sql(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        connection.commit()
        context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


migrate()
