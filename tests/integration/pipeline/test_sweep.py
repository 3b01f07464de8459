from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from shop_world import settings_with

from system.pipeline.sweep import Chores, Room, sweep
from system.week import week_key_of

if TYPE_CHECKING:
    from shop_world import Shop

pytestmark = pytest.mark.integration

EVERY_MINUTE = "* * * * *"


@pytest.fixture
def campaign_id(shop: Shop) -> int:
    return shop.add_campaign(shop.add_newsletter())


def swept(shop: Shop, *, ml: bool = True, emails: bool = True, is_open: bool = False, **changes: Any) -> Chores:
    return sweep(
        shop.engine,
        settings=settings_with(**changes),
        room=Room(ml=ml, emails=emails),
        breaker_is_open=lambda _account: is_open,
    )


def age(shop: Shop, table: str, column: str, seconds: int) -> None:
    shop.rows(f"UPDATE {table} SET {column} = now() - make_interval(secs => {seconds})")


def spans(batches: list[Any]) -> list[tuple[int, int]]:
    return [(batch.first_id, batch.last_id) for batch in batches]


def test_with_nothing_left_behind_there_is_nothing_to_do(shop: Shop) -> None:
    assert swept(shop) == Chores()


def test_a_dispatch_that_has_stopped_is_taken_up(shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state="dispatching")
    assert swept(shop).dispatches == []
    age(shop, "campaigns", "dispatch_touched_at", 6)
    assert swept(shop).dispatches == [campaign_id]


def test_jobs_that_nobody_recommends_for_are_named_again_in_batches(shop: Shop, campaign_id: int) -> None:
    ids = [shop.add_job(campaign_id, "pending") for _ in range(5)]
    assert swept(shop).recommendations == []
    age(shop, "email_jobs", "updated_at", 6)
    assert spans(swept(shop, batch_jobs=2).recommendations) == [(ids[0], ids[1]), (ids[2], ids[3]), (ids[4], ids[4])]


def test_jobs_that_are_due_are_named_again_in_batches(shop: Shop, campaign_id: int) -> None:
    ids = [shop.add_job(campaign_id) for _ in range(3)]
    shop.rows("UPDATE email_jobs SET next_attempt_at = now() + interval '1 h' WHERE id = :id", id=ids[2])
    assert spans(swept(shop).sends) == [(ids[0], ids[1])]


def test_no_more_batches_are_named_than_a_sweep_may(shop: Shop, campaign_id: int) -> None:
    for _ in range(25):
        shop.add_job(campaign_id)
    assert len(swept(shop, batch_jobs=1).sends) == 20


@pytest.mark.parametrize(("room", "found"), [({"ml": False}, (0, 1)), ({"emails": False}, (1, 0)), ({}, (1, 1))])
def test_a_queue_that_is_busy_is_not_fed(
    shop: Shop, campaign_id: int, room: dict[str, bool], found: tuple[int, int]
) -> None:
    shop.add_job(campaign_id, "pending")
    age(shop, "email_jobs", "updated_at", 6)
    shop.add_job(campaign_id)
    chores = swept(shop, **room)
    assert (len(chores.recommendations), len(chores.sends)) == found


def test_an_open_breaker_asks_for_one_probe_and_no_mails(shop: Shop, campaign_id: int) -> None:
    ids = [shop.add_job(campaign_id) for _ in range(4)]
    chores = swept(shop, is_open=True, emails=False, batch_jobs=2)
    assert chores.sends == []
    assert spans(chores.probes) == [(ids[0], ids[1])]


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_campaign_that_does_not_run_is_given_no_work(shop: Shop, state: str) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state=state)
    shop.add_job(campaign_id, "pending")
    shop.add_job(campaign_id)
    for table, column in (("email_jobs", "updated_at"), ("campaigns", "dispatch_touched_at")):
        age(shop, table, column, 60)
    chores = swept(shop)
    assert (chores.sends, chores.recommendations, chores.dispatches, chores.probes) == ([], [], [], [])


def test_what_a_vanished_worker_held_is_settled(shop: Shop, campaign_id: int) -> None:
    claimed, sending = shop.add_job(campaign_id, "claimed"), shop.add_job(campaign_id)
    shop.send(campaign_id, sending)
    age(shop, "email_jobs", "lease_until", 1)

    chores = swept(shop)

    assert (shop.state(claimed), shop.state(sending)) == ("ready", "unknown")
    assert spans(chores.sends) == [(claimed, claimed)]


def test_what_a_paused_campaigns_workers_held_is_settled_too(shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state="paused")
    job_id = shop.add_job(campaign_id, "claimed")
    age(shop, "email_jobs", "lease_until", 1)
    swept(shop)
    assert shop.state(job_id) == "ready"


def test_an_unknown_mail_past_its_deadline_is_given_up(shop: Shop, campaign_id: int) -> None:
    job_id = shop.add_job(campaign_id, "unknown")
    age(shop, "email_jobs", "updated_at", 61)
    swept(shop, resolution_deadline_s=62)
    assert shop.state(job_id) == "unknown"
    swept(shop, resolution_deadline_s=60)
    assert shop.state(job_id) == "indeterminate"


def test_a_cancelled_campaign_is_cleared_and_ended(shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state="cancelled")
    for state in ("pending", "ready", "accepted"):
        shop.add_job(campaign_id, state)
    assert swept(shop).completed == [campaign_id]
    assert shop.states() == {"accepted": 1, "skipped": 2}


def test_a_post_that_nobody_has_applied_is_named_again(shop: Shop) -> None:
    shop.rows("INSERT INTO webhook_inbox (digest, body, applied_at) VALUES ('a', '[]', NULL), ('b', '[]', now())")
    assert swept(shop).posts == []
    age(shop, "webhook_inbox", "received_at", 6)
    assert swept(shop).posts == [shop.value("SELECT id FROM webhook_inbox WHERE applied_at IS NULL")]


def test_a_schedule_that_was_missed_is_started(shop: Shop) -> None:
    shop.add_newsletter(cron=EVERY_MINUTE, enabled=True, scheduled_since="2026-01-01")
    week = week_key_of(datetime.now(UTC), time_zone="UTC")
    assert swept(shop).due_newsletters == [("weekly-recos", week)]


def test_a_week_that_has_its_campaign_is_not_started_again(shop: Shop) -> None:
    newsletter_id = shop.add_newsletter(cron=EVERY_MINUTE, enabled=True, scheduled_since="2026-01-01")
    shop.add_campaign(newsletter_id, week_key=week_key_of(datetime.now(UTC), time_zone="UTC"))
    assert swept(shop).due_newsletters == []


@pytest.mark.parametrize("columns", [{"cron": "whenever"}, {"cron": "0 9 31 2 *"}, {"time_zone": "Mars/Olympus"}])
def test_a_schedule_that_can_not_be_read_stops_no_other(shop: Shop, columns: dict[str, str]) -> None:
    shop.add_newsletter("broken", enabled=True, scheduled_since="2026-01-01", **columns)
    shop.add_newsletter("fine", cron=EVERY_MINUTE, enabled=True, scheduled_since="2026-01-01")
    assert [name for name, _ in swept(shop).due_newsletters] == ["fine"]


def test_a_campaign_with_nothing_in_work_is_completed_and_its_users_stamped(shop: Shop, campaign_id: int) -> None:
    shop.add_job(campaign_id, "delivered", accepted_at=datetime(2026, 11, 16, 9, tzinfo=UTC))
    shop.add_job(campaign_id, "skipped")

    assert swept(shop).completed == [campaign_id]
    assert swept(shop).completed == []
    assert shop.rows("SELECT last_recos_sent FROM users ORDER BY id") == [
        (datetime(2026, 11, 16, 9, tzinfo=UTC),),
        (None,),
    ]


@pytest.mark.parametrize("state", ["pending", "ready", "claimed", "sending", "unknown"])
def test_a_campaign_with_a_job_in_work_is_not_completed(shop: Shop, campaign_id: int, state: str) -> None:
    shop.add_job(campaign_id, state)
    assert swept(shop).completed == []
