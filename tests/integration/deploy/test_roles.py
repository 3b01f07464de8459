"""deploy/postgres/roles.sh: each role does its work, and is refused everything else."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from shop_world import Shop
from sqlalchemy.exc import ProgrammingError

from loadtests.population import Population, write_population
from system.pipeline.dispatch import dispatch_pages, start_campaign
from system.storage.database import new_engine
from system.storage.partitions import drop_partitions
from system.storage.schema import pending_revision, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.postgres import Postgres

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[3] / "deploy" / "postgres" / "roles.sh"
ROLES = ("owner", "app", "read")


def role_url(server: Postgres, role: str) -> str:
    return server.url("steadypost").replace(f"//steadypost:{server.password}@", f"//steadypost_{role}:{role}-word@")


@pytest.fixture(scope="module")
def server(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server whose database steadypost was made by the script and migrated by its owner."""
    psql = postgres_server.binaries / "psql"
    if not psql.exists():
        pytest.skip(f"no {psql}")
    secrets = tmp_path_factory.mktemp("secrets")
    for role in ROLES:
        (secrets / f"postgres_{role}_password").write_text(f"{role}-word\n")
    host = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres_server.port), "PGPASSWORD": postgres_server.password}
    path = f"{psql.parent}:{os.environ['PATH']}"
    env = {"PATH": path, "SECRETS": str(secrets), "POSTGRES_USER": "steadypost", "PGDATABASE": "postgres", **host}
    subprocess.run(["bash", SCRIPT], env=env, check=True)
    upgrade(role_url(postgres_server, "owner"))
    yield postgres_server
    postgres_server.drop_database("steadypost")
    with postgres_server.connect() as connection:
        for role in ROLES:
            connection.execute(f"DROP ROLE steadypost_{role}")


@contextmanager
def shop_as(server: Postgres, role: str) -> Iterator[Shop]:
    engine = new_engine(role_url(server, role), application="tests")
    try:
        yield Shop(engine)
    finally:
        engine.dispose()


def test_the_application_does_a_campaigns_work(server: Postgres) -> None:
    with shop_as(server, "app") as shop:
        assert pending_revision(shop.engine) is None
        shop.add_products()
        shop.add_user()
        shop.add_newsletter()
        started = start_campaign(shop.engine, newsletter="weekly-recos", week_key="2026-W47", triggered_by="test")
        assert list(dispatch_pages(shop.engine, campaign_id=started.campaign_id, page_users=10, batch_jobs=10))
        shop.rows(
            "UPDATE email_jobs SET status = 'ready', product_ids = '{1}', because_ids = '{0}', model_version = 'm'"
        )
        job_id = shop.value("SELECT id FROM email_jobs")
        shop.send(started.campaign_id, job_id)
        assert shop.state(job_id) == "sending"

        shop.rows("UPDATE email_jobs SET status = 'accepted', claim_token = NULL")
        shop.rows("UPDATE campaigns SET state = 'completed', completed_at = now()")
        with shop.engine.begin() as connection:
            assert drop_partitions(connection, campaign_id=started.campaign_id)


def test_a_statement_or_a_forgotten_transaction_ends_by_itself_whoever_connects(server: Postgres) -> None:
    with psycopg.connect(role_url(server, "app").replace("+psycopg", "")) as connection:
        shown = [
            connection.execute(f"SHOW {name}").fetchone()
            for name in ("statement_timeout", "idle_in_transaction_session_timeout", "synchronous_commit")
        ]
    assert shown == [("1min",), ("30s",), ("on",)]


def test_the_owner_fills_the_demo(server: Postgres) -> None:
    with shop_as(server, "owner") as shop:
        shop.rows("DELETE FROM users")
        shop.rows("DELETE FROM products")
        population = Population(users=20, products=10, seed=7, until=datetime(2026, 11, 1, tzinfo=UTC))
        assert write_population(shop.engine, population).users == 20


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE users ADD COLUMN mine int",
        "DROP TABLE users",
        "TRUNCATE users",
        "CREATE INDEX ON users (name)",
        "CREATE ROLE mine",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_application_may_not_change_the_schema(server: Postgres, statement: str) -> None:
    with shop_as(server, "app") as shop, pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        shop.rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT status, count(*) FROM email_jobs GROUP BY 1",
        "SELECT kind, count(*) FROM email_events GROUP BY 1",
        "SELECT count(id) FROM users WHERE suppressed_at IS NOT NULL",
        "SELECT max(received_at) FROM webhook_inbox WHERE applied_at IS NULL",
        "SELECT lock_reason FROM sending_epochs",
        "SELECT card, version FROM models JOIN model_activations USING (version)",
        "SELECT sum(users) FROM shadow_batches",
    ],
)
def test_a_dashboard_may_read_numbers(server: Postgres, statement: str) -> None:
    with shop_as(server, "read") as shop:
        shop.rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT email FROM users",
        "SELECT name FROM users",
        "SELECT body FROM webhook_inbox",
        "SELECT make_campaign_partitions(9)",
        "SET transaction_read_only = off; UPDATE campaigns SET state = 'completed'",
    ],
)
def test_a_dashboard_may_neither_read_addresses_nor_write(server: Postgres, statement: str) -> None:
    with shop_as(server, "read") as shop, pytest.raises(ProgrammingError, match="permission denied"):
        shop.rows(statement)
