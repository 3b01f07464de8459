from __future__ import annotations

import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from system.errors import DependencyError
from system.states import REASONED, JobState
from system.storage.database import new_engine
from system.storage.models import PARTITIONED, Base
from system.storage.partitions import create_partitions, drop_partitions
from system.storage.schema import pending_revision, upgrade

if TYPE_CHECKING:
    from shop_world import Shop

    from stack.postgres import Postgres

pytestmark = pytest.mark.integration


def test_the_migrated_database_is_what_the_models_say(shop: Shop) -> None:
    with shop.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_check_constraints_are_what_the_models_say(shop: Shop) -> None:
    written = shop.rows(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    )
    modelled = {
        constraint.name
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if str(constraint.name).startswith("ck_")
    }
    assert {row[0] for row in written} == modelled


def test_a_database_that_was_migrated_twice_at_once_is_migrated(postgres_server: Postgres) -> None:
    postgres_server.create_database("empty")
    url = postgres_server.url("empty")
    engine = new_engine(url)
    try:
        head = pending_revision(engine)
        assert head is not None
        migrate = [sys.executable, "-c", "import sys, system.storage.schema as s; print(s.upgrade(sys.argv[1]))", url]
        both = [subprocess.Popen(migrate, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        assert [process.communicate(timeout=60)[0] for process in both] == [f"{head}\n", f"{head}\n"]
        assert pending_revision(engine) is None
    finally:
        engine.dispose()
        postgres_server.drop_database("empty")


def test_a_migration_that_gets_no_lock_gives_up_before_everybody_waits_behind_it(
    postgres_server: Postgres,
) -> None:
    postgres_server.create_database("locked")
    url = postgres_server.url("locked")
    engine = new_engine(url)
    try:
        upgrade(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
            connection.exec_driver_sql("DROP TABLE IF EXISTS sending_epochs")
        with engine.begin() as worker:
            worker.exec_driver_sql("SELECT count(*) FROM campaigns")
            with pytest.raises(DependencyError, match="lock timeout"):
                upgrade(url)
    finally:
        engine.dispose()
        postgres_server.drop_database("locked")


def test_a_release_that_is_rolled_back_leaves_the_newer_schema_alone(postgres_server: Postgres) -> None:
    postgres_server.create_database("later")
    url = postgres_server.url("later")
    engine = new_engine(url)
    try:
        upgrade(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'of a newer release'")
        upgrade(url)
        assert pending_revision(engine) is None
    finally:
        engine.dispose()
        postgres_server.drop_database("later")


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(DependencyError, match=r"^PostgreSQL at 127\.0\.0\.1:1/none can't be used: ") as caught:
        upgrade("postgresql+psycopg://me:hush@127.0.0.1:1/none")
    assert "hush" not in str(caught.value)


def test_a_campaigns_partitions_come_and_go(shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter())
    other_id = shop.add_campaign(shop.add_newsletter("other"))
    for each in (campaign_id, other_id):
        shop.send(each, shop.add_job(each))

    shop.rows("UPDATE email_jobs SET status = 'unknown', claim_token = NULL")
    with shop.engine.begin() as connection:
        assert not drop_partitions(connection, campaign_id=campaign_id)  # it is running
    shop.rows("UPDATE campaigns SET state = 'completed', completed_at = now() WHERE id = :id", id=campaign_id)
    with shop.engine.begin() as connection:
        assert not drop_partitions(connection, campaign_id=campaign_id)  # a job waits for evidence
    shop.rows("UPDATE email_jobs SET status = 'accepted'")
    with shop.engine.begin() as connection:
        assert drop_partitions(connection, campaign_id=campaign_id)
        assert not drop_partitions(connection, campaign_id=campaign_id)  # again changes nothing

    assert shop.rows("SELECT DISTINCT campaign_id FROM email_jobs") == [(other_id,)]
    assert shop.rows("SELECT DISTINCT campaign_id FROM send_attempts") == [(other_id,)]
    assert shop.rows("SELECT DISTINCT campaign_id FROM job_transitions") == [(other_id,)]
    assert shop.rows("SELECT id, forgotten_at IS NULL FROM campaigns ORDER BY id") == [
        (campaign_id, False),
        (other_id, True),
    ]


def test_a_partition_has_every_index_of_its_table_and_no_other(shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter())
    for model in PARTITIONED:
        counts = [
            shop.value("SELECT count(*) FROM pg_indexes WHERE tablename = :table", table=table)
            for table in (model.__tablename__, f"{model.__tablename__}_c{campaign_id}")
        ]
        assert counts[0] == counts[1], model.__tablename__


def test_a_new_campaign_waits_for_no_running_one(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter()
    running = shop.add_campaign(newsletter_id)
    job_id = shop.add_job(running)
    with shop.engine.begin() as busy, shop.engine.begin() as connection:
        busy.exec_driver_sql(f"UPDATE email_jobs SET updated_at = now() WHERE id = {job_id}")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        create_partitions(connection, campaign_id=running + 1)


def test_a_job_of_a_campaign_without_partitions_is_refused(shop: Shop) -> None:
    with pytest.raises(IntegrityError, match="no partition"):
        shop.add_job(77)


def test_a_user_has_one_job_in_a_campaign(shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter())
    user_id = shop.add_user()
    shop.add_job(campaign_id, user_id=user_id)
    with pytest.raises(IntegrityError, match="user_id"):
        shop.add_job(campaign_id, user_id=user_id)


def test_a_newsletter_has_one_campaign_in_a_week(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter()
    shop.add_campaign(newsletter_id)
    with pytest.raises(IntegrityError, match="uq_campaigns_newsletter_id_week_key"):
        shop.add_campaign(newsletter_id)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"state": "forgotten"}, "status"),
        *(({"state": state, "reason": None}, "reason") for state in sorted(REASONED)),
        ({"state": JobState.CLAIMED, "claim_token": None}, "claim"),
        ({"state": JobState.SENDING, "claim_token": None}, "claim"),
        ({"state": JobState.READY, "claim_token": uuid.UUID(int=1)}, "claim"),
        ({"state": JobState.UNKNOWN, "claim_token": uuid.UUID(int=1)}, "claim"),
    ],
)
def test_the_database_refuses_a_job_that_can_not_be(shop: Shop, columns: dict[str, Any], constraint: str) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter())
    with pytest.raises(IntegrityError, match=f"ck_email_jobs_{constraint}"):
        shop.add_job(campaign_id, **columns)


@pytest.mark.parametrize("state", JobState)
def test_the_database_takes_every_state(shop: Shop, state: JobState) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter())
    assert shop.state(shop.add_job(campaign_id, state)) == state


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE campaigns SET state = 'lost'", "ck_campaigns_state"),
        ("UPDATE campaigns SET state = 'paused', state_reason = NULL", "ck_campaigns_reason"),
        ("UPDATE campaigns SET week_key = '2026-47'", "ck_campaigns_week_key"),
        ("UPDATE users SET suppressed_at = now()", "ck_users_suppression_has_reason"),
        ("UPDATE products SET price = -1", "ck_products_price_not_negative"),
        ("UPDATE newsletters SET price_min = -1", "ck_newsletters_price_band"),
        ("UPDATE newsletters SET price_min = 5, price_max = 4.99", "ck_newsletters_price_band"),
        ("UPDATE newsletters SET price_max = -1", "ck_newsletters_price_band"),
        ("UPDATE newsletters SET excluded_categories = '{toys, NULL}'", "ck_newsletters_excluded_is_known"),
        ("UPDATE newsletters SET excluded_product_ids = '{NULL}'", "ck_newsletters_excluded_is_known"),
        ("UPDATE newsletters SET per_category = 0", "ck_newsletters_per_category"),
        ("UPDATE newsletters SET cool_down_weeks = -1", "ck_newsletters_cool_down_weeks"),
    ],
)
def test_the_database_refuses_what_can_not_be(shop: Shop, statement: str, constraint: str) -> None:
    shop.add_campaign(shop.add_newsletter())
    shop.add_user()
    shop.add_products()
    with pytest.raises(IntegrityError, match=constraint):
        shop.rows(statement)
