"""The statements that run all day find their rows through an index, also when a campaign has a million jobs."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from shop_world import Shop
from sqlalchemy import event

from system.states import EventKind, Happening, JobState
from system.storage import campaigns, claims, dispatching, evidence, histories, leftovers, outcomes, readings
from system.storage.database import new_engine
from system.storage.models import PARTITIONED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from stack.postgres import Postgres

pytestmark = pytest.mark.integration

JOBS = 1_000_000
TOKEN = uuid.UUID(int=7)

FILL = {
    "email_jobs": """
        SELECT :campaign_id AS campaign_id, n AS id, n AS user_id, '2026-W47' AS week_key, status AS status,
               NULL AS reason,
               '{1,2,3,4,5}'::bigint[] AS product_ids, '{0,0,0,0,0}'::bigint[] AS because_ids, 'm1' AS model_version,
               CASE WHEN status IN ('claimed', 'sending') THEN CAST(:token AS uuid) END AS claim_token,
               now() AS next_attempt_at, now() - interval '1 h' AS updated_at
        FROM generate_series(1, :jobs) n, LATERAL (SELECT CASE
            WHEN n % 1000 = 1 THEN 'claimed' WHEN n % 1000 = 2 THEN 'sending' WHEN n % 1000 = 3 THEN 'unknown'
            WHEN n % 20 = 5 THEN 'ready' WHEN n % 20 = 6 THEN 'pending' ELSE 'accepted' END AS status) s
    """,
    "send_attempts": """
        SELECT :campaign_id AS campaign_id, lpad(n::text, 32, '0')::uuid AS id, n AS job_id, 9 AS attempt,
               'w' AS worker, 'h' AS content_hash, :token AS detail
        FROM generate_series(1, :jobs / 10) n
    """,
    "email_events": """
        SELECT :campaign_id AS campaign_id, n::text AS sg_event_id, n::text AS natural_key, n AS job_id,
               CAST(:token AS uuid) AS attempt_id, 'delivered' AS kind, now() AS happened_at, n AS inbox_id,
               now() AS received_at
        FROM generate_series(1, :jobs / 10) n
    """,
    "job_transitions": """
        SELECT :campaign_id AS campaign_id, -n AS id, n AS job_id, :token AS happening, 'ready' AS from_status,
               'claimed' AS to_status
        FROM generate_series(1, :jobs / 1000) n
    """,
}


@pytest.fixture(scope="module")
def million(
    postgres_server: Postgres, _migrated_template: str, pytestconfig: pytest.Config
) -> Iterator[tuple[Shop, int]]:
    """A campaign with a million jobs, a tenth of them unfinished."""
    if pytestconfig.getoption("stack") == "containers":
        pytest.skip("plans differ from version to version; these are the embedded server's")
    postgres_server.create_database("million", template=_migrated_template)
    engine = new_engine(postgres_server.url("million"))
    shop = Shop(engine)
    try:
        yield shop, _fill(shop)
    finally:
        engine.dispose()
        postgres_server.drop_database("million")


def _fill(shop: Shop) -> int:
    newsletter_id = shop.add_newsletter()
    shop.add_campaign(newsletter_id, week_key="2026-W46")
    campaign_id: int = shop.value(
        "INSERT INTO campaigns (newsletter_id, week_key, state, audience_end) VALUES (:id, '2026-W47', 'running', 0)"
        " RETURNING id",
        id=newsletter_id,
    )
    for model in PARTITIONED:
        _attach_filled(shop, campaign_id, model.__tablename__)
    shop.rows(
        "INSERT INTO webhook_inbox (digest, body, received_at, applied_at) SELECT n::text::bytea, '[]',"
        " now() - interval '1 h', CASE WHEN n % 1000 > 0 THEN now() END FROM generate_series(1, 50000) n"
    )
    shop.rows("INSERT INTO users (email) SELECT n || '@example.org' FROM generate_series(1, 100000) n")
    shop.rows("ANALYZE")
    return campaign_id


def _attach_filled(shop: Shop, campaign_id: int, table: str) -> None:
    # Filled first and attached then: the indexes are built in one go.
    child = f"{table}_c{campaign_id}"
    filled = FILL[table]
    columns = ", ".join(re.findall(r" AS (\w+)(?:,|\s+FROM)", filled))
    shop.rows(f"CREATE TABLE {child} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    shop.rows(f"INSERT INTO {child} ({columns}) {filled}", campaign_id=campaign_id, jobs=JOBS, token=str(TOKEN))
    shop.rows(f"ALTER TABLE {table} ATTACH PARTITION {child} FOR VALUES IN ({campaign_id})")


def plan_of(shop: Shop, call: Callable[[Connection], Any]) -> str:
    """How PostgreSQL would run the statements of one call."""
    seen: list[tuple[str, Any]] = []

    def remember(*arguments: Any) -> None:
        seen.append((arguments[2], arguments[3]))

    with shop.engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", remember)
        call(connection)
        event.remove(connection, "before_cursor_execute", remember)
        plans = [connection.exec_driver_sql(f"EXPLAIN {statement}", values) for statement, values in seen]
        return "\n".join(row[0] for plan in plans for row in plan)


def an_event(campaign_id: int, job_id: int) -> evidence.Event:
    now = datetime.now(UTC)
    return evidence.Event(
        campaign_id=campaign_id,
        job_id=job_id,
        attempt_id=uuid.UUID(f"{job_id:032d}"),
        kind=EventKind.DELIVERED,
        sg_event_id="new",
        natural_key="new",
        happened_at=now,
        inbox_id=1,
        received_at=now,
        sg_message_id="m",
        detail="{}",
    )


ANSWER = outcomes.Answer(
    job_id=1002,
    attempt_id=uuid.UUID(int=1),
    outcome="accepted",
    happening=Happening.ANSWER_ACCEPTED,
    target=JobState.ACCEPTED,
)
RECOMMENDED = [
    dispatching.Recommended(job_id=job_id, product_ids=[1, 2], because_ids=[0, 0], reason=None)
    for job_id in range(6, 10_006, 20)
]
INTENT = claims.Intent(job_id=1001, attempt_id=uuid.UUID(int=2**100), content_hash="h")
CALLS: dict[str, tuple[str, Callable[[Connection, int], Any]]] = {
    "claim": (
        "campaign_id_id_idx",
        lambda c, id_: claims.claim_jobs(
            c, campaign_id=id_, first_id=500_000, last_id=500_500, limit=10, token=TOKEN, lease_s=30
        ),
    ),
    "recommendations": (
        "pkey",
        lambda c, id_: dispatching.store_recommendations(c, campaign_id=id_, model_version="m1", results=RECOMMENDED),
    ),
    "pasts": (
        "campaign_id_user_id_key",
        lambda c, id_: histories.pasts(c, user_ids=range(1, 501), campaign_ids=[id_]),
    ),
    "release": (
        "pkey",
        lambda c, id_: claims.settle_claims(
            c, campaign_id=id_, token=TOKEN, happening=Happening.RELEASED, target=JobState.READY, jobs=[(1001, None)]
        ),
    ),
    "intent": (
        "pkey",
        lambda c, id_: claims.record_intents(c, campaign_id=id_, token=TOKEN, worker="w", lease_s=30, intents=[INTENT]),
    ),
    "answers": ("pkey", lambda c, id_: outcomes.record_answers(c, campaign_id=id_, token=TOKEN, answers=[ANSWER])),
    "lapsed claims": ("status_updated_at", lambda c, id_: outcomes.lapse_claims(c, campaign_id=id_)),
    "lapsed sends": ("status_updated_at", lambda c, id_: outcomes.lapse_sends(c, campaign_id=id_)),
    "deadline": (
        "status_updated_at",
        lambda c, id_: outcomes.give_up_unknown(c, campaign_id=id_, deadline_s=86_400),
    ),
    "due": (
        "campaign_id_id_idx",
        lambda c, id_: leftovers.due_batches(c, campaign_id=id_, batch_jobs=500, batches=20),
    ),
    "pending": (
        "",
        lambda c, id_: leftovers.pending_batches(c, campaign_id=id_, idle_s=5, batch_jobs=500, batches=20),
    ),
    "completion": ("status_updated_at", lambda c, id_: campaigns.complete_campaign(c, campaign_id=id_)),
    "waiting posts": ("ix_webhook_inbox_waiting", lambda c, _: leftovers.waiting_posts(c, idle_s=5, limit=500)),
    "shown campaigns": ("status_updated_at", lambda c, _: readings.shown_campaigns(c)),
    "webhook lag": ("ix_webhook_inbox_waiting", lambda c, _: readings.webhook_lag_s(c)),
    "posts": ("pk_webhook_inbox", lambda c, _: evidence.take_posts(c, inbox_ids=[7, 8])),
    "close posts": ("pk_webhook_inbox", lambda c, _: evidence.close_posts(c, counts=[(7, 1, 0, 0)])),
    "attempts": ("pkey", lambda c, id_: evidence.known_attempts(c, events=[an_event(id_, 4)])),
    "events": ("(pkey|job_id_attempt_key)", lambda c, id_: evidence.add_events(c, events=[an_event(id_, 4)])),
    "lock": ("pkey", lambda c, id_: evidence.lock_jobs(c, campaign_id=id_, job_ids=[4, 9])),
    "fold": ("campaign_id_job_id_idx", lambda c, id_: evidence.fold_evidence(c, campaign_id=id_, job_ids=[4, 9])),
    "engagement": (
        "campaign_id_job_id_idx",
        lambda c, id_: evidence.note_times(c, campaign_id=id_, job_ids=[4, 9]),
    ),
    "suppression": (
        "campaign_id_job_id_idx",
        lambda c, id_: evidence.suppress_recipients(c, campaign_id=id_, job_ids=[4, 9]),
    ),
    "history": ("campaign_id_job_id_idx", lambda c, id_: campaigns.job_history(c, campaign_id=id_, job_id=9)),
}
FEW_ROWS = 20_000
BIG = "email_jobs|send_attempts|email_events|job_transitions|webhook_inbox|users"


@pytest.mark.parametrize("name", CALLS)
def test_a_statement_finds_its_rows_through_an_index(million: tuple[Shop, int], name: str) -> None:
    shop, campaign_id = million
    index, call = CALLS[name]
    plan = plan_of(shop, lambda connection: call(connection, campaign_id))
    tally = re.sub(r"InitPlan.*?HashAggregate.*?Seq Scan on email_jobs\S* email_jobs", "", plan, flags=re.DOTALL)
    assert not re.search(rf"Seq Scan on ({BIG})", tally if name == "completion" else plan), plan
    assert re.search(rf"Index.* (using|on) \S*{index}", plan), plan


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"completion", "pending"}))
def test_a_plan_that_does_not_know_its_values_reads_few_rows(million: tuple[Shop, int], name: str) -> None:
    # After some executions PostgreSQL may keep one plan for all values: how long lists and limits are is a guess then.
    shop, campaign_id = million
    with shop.engine.connect() as connection:
        connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
        connection.connection.driver_connection.prepare_threshold = 0  # type: ignore[union-attr]  # psycopg's own
        before = rows_read(connection)
        CALLS[name][1](connection, campaign_id)
        assert rows_read(connection) - before < FEW_ROWS


def test_the_past_opens_no_partition_of_another_week(million: tuple[Shop, int]) -> None:
    shop, campaign_id = million
    other_id = shop.value("SELECT id FROM campaigns WHERE id <> :id", id=campaign_id)
    plan = plan_of(shop, lambda c: histories.pasts(c, user_ids=range(1, 501), campaign_ids=[campaign_id]))
    assert f"email_jobs_c{campaign_id}" in plan
    assert f"email_jobs_c{other_id}" not in plan


def test_recommendations_are_stored_by_id_although_statistics_know_no_pending_job(million: tuple[Shop, int]) -> None:
    # As when the statistics were taken between two pages of dispatch: 30 s for a batch instead of 0.1 s.
    shop, campaign_id = million
    with shop.engine.connect() as connection:
        freed = "claim_token = NULL, lease_until = NULL"
        connection.exec_driver_sql(f"UPDATE email_jobs_c{campaign_id} SET status = 'ready', {freed} WHERE id <= 200000")
        connection.exec_driver_sql(f"DELETE FROM email_jobs_c{campaign_id} WHERE id > 200000")
        connection.exec_driver_sql(f"ANALYZE email_jobs_c{campaign_id}")
        connection.exec_driver_sql(f"UPDATE email_jobs_c{campaign_id} SET status = 'pending' WHERE id <= 200000")
        before = rows_read(connection)
        CALLS["recommendations"][1](connection, campaign_id)
        assert rows_read(connection) - before < FEW_ROWS


def test_evidence_is_looked_up_job_by_job_before_a_new_partition_has_statistics(shop: Shop) -> None:
    # For its first minute a campaign has none: each batch of posts read all of its events, and visibility took seconds.
    campaign_id = shop.add_campaign(shop.add_newsletter())
    shop.rows(
        """
        INSERT INTO email_events
            (campaign_id, sg_event_id, natural_key, job_id, attempt_id, kind, happened_at, inbox_id, received_at)
        SELECT :campaign_id, n::text, n::text, n % 2000 + 1, CAST(:token AS uuid), 'delivered', now(), n, now()
        FROM generate_series(1, 20000) n
        """,
        campaign_id=campaign_id,
        token=str(TOKEN),
    )
    for fold in (evidence.fold_evidence, evidence.note_times, evidence.suppress_recipients):
        with shop.engine.connect() as connection:
            before = rows_read(connection)
            fold(connection, campaign_id=campaign_id, job_ids=list(range(1, 201)))
            assert rows_read(connection) - before < FEW_ROWS // 2, fold


def rows_read(connection: Connection) -> int:
    """Rows and index entries of the big tables that this session has read and not reported yet."""
    read: int = connection.exec_driver_sql(
        "SELECT sum(pg_stat_get_xact_tuples_returned(oid)) FROM pg_class"
        f" WHERE relkind IN ('r', 'i') AND relname ~ '{BIG}|pk_users|pk_webhook_inbox'"
    ).scalar_one()
    return int(read)


def test_a_claim_reads_no_more_than_it_takes(million: tuple[Shop, int]) -> None:
    shop, campaign_id = million
    with shop.engine.connect() as connection:
        taken = claims.claim_jobs(
            connection, campaign_id=campaign_id, first_id=1, last_id=JOBS, limit=10, token=TOKEN, lease_s=30
        )
    assert [job.job_id for job in taken] == [5, 25, 45, 65, 85, 105, 125, 145, 165, 185]
