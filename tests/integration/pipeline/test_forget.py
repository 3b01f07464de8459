"""Old weeks go, and nothing that anybody still works with."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from system.errors import InputError
from system.mail import coordination
from system.mail.witnesses import Witnesses
from system.pipeline.epoch import why_locked
from system.pipeline.forget import Forgotten, forget_old_weeks

if TYPE_CHECKING:
    from shop_world import Shop

pytestmark = pytest.mark.integration

TABLES = ("email_jobs", "send_attempts", "job_transitions", "email_events")


def add_ended(shop: Shop, newsletter_id: int, week_key: str, *, weeks_ago: int, job: str = "accepted") -> int:
    campaign_id = shop.add_campaign(newsletter_id, week_key=week_key)
    shop.add_job(campaign_id, job)
    shop.rows(
        "UPDATE campaigns SET state = 'completed', completed_at = now() - make_interval(weeks => :weeks)"
        " WHERE id = :id",
        weeks=weeks_ago,
        id=campaign_id,
    )
    return campaign_id


def add_post(shop: Shop, *, weeks_ago: int | None) -> None:
    shop.rows(
        "INSERT INTO webhook_inbox (digest, body, applied_at)"
        " VALUES (:digest, '[]', now() - make_interval(weeks => CAST(:weeks AS int)))",
        digest=uuid.uuid4().bytes,
        weeks=weeks_ago,
    )


def partitions(shop: Shop, campaign_id: int) -> int:
    statement = "SELECT count(*) FROM pg_tables WHERE tablename = ANY(:names)"
    count: int = shop.value(statement, names=[f"{table}_c{campaign_id}" for table in TABLES])
    return count


def test_an_old_campaign_goes_and_its_row_stays(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter()
    old = add_ended(shop, newsletter_id, "2026-W30", weeks_ago=9)
    new = add_ended(shop, newsletter_id, "2026-W38", weeks_ago=1)
    shop.rows("INSERT INTO shadow_batches SELECT id, 'm', 1, 9, 9, 0.5, 4, 20, 30 FROM campaigns")

    said = forget_old_weeks(shop.engine, keep_weeks=8, dry_run=False)

    assert said == Forgotten(campaigns=["weekly-recos 2026-W30"])
    assert (partitions(shop, old), partitions(shop, new)) == (0, 4)
    assert shop.rows("SELECT campaign_id FROM shadow_batches") == [(new,)]
    assert shop.rows("SELECT id, forgotten_at IS NOT NULL FROM campaigns ORDER BY id") == [(old, True), (new, False)]
    assert forget_old_weeks(shop.engine, keep_weeks=8, dry_run=False) == Forgotten()


def test_a_dry_run_says_the_same_and_changes_nothing(shop: Shop) -> None:
    old = add_ended(shop, shop.add_newsletter(), "2026-W30", weeks_ago=9)
    add_post(shop, weeks_ago=9)
    said = forget_old_weeks(shop.engine, keep_weeks=8, dry_run=True)
    assert said == Forgotten(campaigns=["weekly-recos 2026-W30"], posts=1)
    assert partitions(shop, old) == 4
    assert shop.value("SELECT count(*) FROM webhook_inbox") == 1


@pytest.mark.parametrize("job", ["pending", "ready", "claimed", "sending", "unknown"])
def test_a_campaign_with_a_job_in_work_is_kept_however_old_it_is(shop: Shop, job: str) -> None:
    kept = add_ended(shop, shop.add_newsletter(), "2026-W30", weeks_ago=99, job=job)
    assert forget_old_weeks(shop.engine, keep_weeks=8, dry_run=False) == Forgotten()
    assert partitions(shop, kept) == 4


def test_a_campaign_that_has_not_ended_is_kept(shop: Shop) -> None:
    kept = shop.add_campaign(shop.add_newsletter())
    shop.rows("UPDATE campaigns SET created_at = now() - interval '1 year'")
    assert forget_old_weeks(shop.engine, keep_weeks=2, dry_run=False) == Forgotten()
    assert partitions(shop, kept) == 4


def test_a_campaign_that_somebody_reads_is_left_for_the_next_run(shop: Shop) -> None:
    old = add_ended(shop, shop.add_newsletter(), "2026-W30", weeks_ago=9)
    with shop.engine.begin() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM email_jobs")
        assert forget_old_weeks(shop.engine, keep_weeks=8, dry_run=False).busy == ["weekly-recos 2026-W30"]
    assert forget_old_weeks(shop.engine, keep_weeks=8, dry_run=False).campaigns == ["weekly-recos 2026-W30"]
    assert partitions(shop, old) == 0


def test_applied_posts_go_and_waiting_ones_stay(shop: Shop) -> None:
    for weeks_ago in (9, 1, None):
        add_post(shop, weeks_ago=weeks_ago)
    shop.rows("UPDATE webhook_inbox SET received_at = now() - interval '1 year'")
    assert forget_old_weeks(shop.engine, keep_weeks=8, dry_run=False).posts == 1
    assert shop.value("SELECT count(*) FROM webhook_inbox") == 2


def test_mails_of_a_forgotten_week_do_not_look_like_a_restored_database(shop: Shop, redis_url: str) -> None:
    newsletter_id = shop.add_newsletter()
    campaign_id = shop.add_campaign(newsletter_id, week_key="2026-W30")
    _, attempt_id = shop.send(campaign_id, shop.add_job(campaign_id))
    shop.rows("UPDATE email_jobs SET status = 'accepted', claim_token = NULL")
    shop.rows("UPDATE campaigns SET state = 'completed', completed_at = now() - interval '9 weeks'")
    with coordination.connect(redis_url, timeout_s=2) as connection:
        witnesses = Witnesses(connection)
        witnesses.note("w", (campaign_id, attempt_id))
        forget_old_weeks(shop.engine, keep_weeks=8, dry_run=False)
        assert why_locked(shop.engine, witnesses) is None


def test_last_weeks_rows_can_not_be_asked_away(shop: Shop) -> None:
    with pytest.raises(InputError, match=r"keep_weeks=1 is too few\. Keep 2 or more"):
        forget_old_weeks(shop.engine, keep_weeks=1, dry_run=True)
