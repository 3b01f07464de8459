"""After a restore: who had the mail gets no second one, and the others get theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from scripted_provider import accepts
from shop_world import settings_with

from system.errors import DependencyError
from system.mail import coordination
from system.mail.witnesses import Witnesses
from system.pipeline.reconcile import Reconciliation, begun_weeks
from system.storage import campaigns, epochs
from system.week import week_key_of

if TYPE_CHECKING:
    from sending_desk import Mailing

    from system.pipeline.reconcile import Week

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
THIS_WEEK = week_key_of(NOW, time_zone="UTC")


class Book:
    """A provider's record by week: (message id, address, user id) of each mail."""

    def __init__(self, **weeks: list[tuple[str, str, int]]) -> None:
        self.weeks = {week.replace("_", "-"): lines for week, lines in weeks.items()}
        self.asked_about: list[str] = []

    async def accepted(self, *, newsletter: str, week_key: str) -> dict[str, str]:
        assert newsletter == "weekly-recos"
        return {message_id: address for message_id, address, _ in self.weeks.get(week_key, [])}

    async def user_of(self, message_id: str) -> int:
        self.asked_about.append(message_id)
        return next(user for lines in self.weeks.values() for known, _, user in lines if known == message_id)


class Silent(Book):
    """A provider that can't be asked."""

    async def accepted(self, *, newsletter: str, week_key: str) -> dict[str, str]:
        raise DependencyError(f"no answer about {newsletter} {week_key}")


async def reconcile(mailing: Mailing, book: Book | None) -> list[Week]:
    with coordination.connect(mailing.redis_url, timeout_s=2) as connection:
        records = None if book is None else {"default": book}
        return await Reconciliation(
            engine=mailing.shop.engine,
            settings=settings_with(),
            witnesses=Witnesses(connection),
            records=records,
            now=NOW,
        ).run()


def is_locked(mailing: Mailing) -> bool:
    with mailing.shop.engine.begin() as connection:
        return epochs.lock_reason(connection) is not None


def lock(mailing: Mailing) -> None:
    with mailing.shop.engine.begin() as connection:
        epochs.lock_sending(connection, reason="restored")


@pytest.mark.anyio
async def test_who_is_in_the_providers_record_gets_no_second_mail(mailing: Mailing) -> None:
    ada, bob = mailing.shop.add_user("Ada@example.org"), mailing.shop.add_user("bob@example.org")
    job = mailing.shop.add_job(mailing.campaign_id, user_id=ada)
    pending = mailing.shop.add_job(mailing.campaign_id, "pending", user_id=bob)
    others = mailing.add_ready(2)
    lock(mailing)
    book = Book(**{"2026_W47": [("m1.x", "ada@EXAMPLE.org", ada), ("m2.x", "bob@example.org", bob)]})

    weeks = await reconcile(mailing, book)

    assert [(week.week_key, week.accepted, week.held) for week in weeks] == [("2026-W47", 2, 0)]
    assert [mailing.shop.state(id_) for id_ in (job, pending, *others)] == ["accepted", "accepted", "ready", "ready"]
    assert mailing.shop.transitions(job) == [
        ("restored", "ready", "unknown"),
        ("evidence_accepted", "unknown", "accepted"),
    ]
    assert mailing.shop.value("SELECT sendgrid_msg_id FROM email_jobs WHERE id = :id", id=job) == "m1"
    assert not is_locked(mailing)
    sent = await mailing.send(lambda _request: accepts())
    assert sorted(request.job_id for request in sent.provider.mails) == others


@pytest.mark.anyio
async def test_a_shared_or_changed_address_is_told_apart_by_the_message(mailing: Mailing) -> None:
    first, second, moved = (mailing.shop.add_user(f"{name}@example.org") for name in ("shared", "shared", "new"))
    jobs = [mailing.shop.add_job(mailing.campaign_id, user_id=user) for user in (first, second, moved)]
    book = Book(**{"2026_W47": [("m1", "shared@example.org", second), ("m2", "old@example.org", moved)]})

    await reconcile(mailing, book)

    assert [mailing.shop.state(job) for job in jobs] == ["ready", "accepted", "accepted"]
    assert book.asked_about == ["m1", "m2"]


@pytest.mark.anyio
async def test_what_may_have_left_before_and_is_in_no_record_stays_unknown(mailing: Mailing) -> None:
    job = mailing.shop.add_job(mailing.campaign_id, "unknown")
    known = mailing.shop.add_job(mailing.campaign_id, "sending", user_id=mailing.shop.add_user("k@example.org"))
    await reconcile(mailing, Book(**{"2026_W47": [("m1", "k@example.org", 0)]}))
    assert [mailing.shop.state(id_) for id_ in (job, known)] == ["unknown", "accepted"]


@pytest.mark.anyio
async def test_where_nobody_can_be_asked_everything_is_held(mailing: Mailing) -> None:
    jobs = [mailing.shop.add_job(mailing.campaign_id, state) for state in ("pending", "ready", "claimed", "accepted")]
    weeks = await reconcile(mailing, None)
    assert [(week.accepted, week.held) for week in weeks] == [(0, 3)]
    assert [mailing.shop.state(job) for job in jobs] == ["unknown", "unknown", "unknown", "accepted"]
    assert mailing.shop.rows("SELECT DISTINCT reason FROM email_jobs WHERE status = 'unknown'") == [
        ("may have been sent after the backup was taken",)
    ]
    assert (await mailing.send(lambda _request: accepts())).provider.mails == []


@pytest.mark.anyio
async def test_a_campaign_that_began_after_the_backup_is_made_again_from_the_record(mailing: Mailing) -> None:
    mailing.shop.rows("UPDATE campaigns SET week_key = '2026-W01', state = 'completed', completed_at = now()")
    ada, bob = mailing.shop.add_user("ada@example.org"), mailing.shop.add_user("bob@example.org")

    weeks = await reconcile(mailing, Book(**{THIS_WEEK.replace("-", "_"): [("m1", "ada@example.org", ada)]}))

    assert [(week.week_key, week.accepted) for week in weeks] == [(THIS_WEEK, 1)]
    jobs = mailing.shop.rows("SELECT user_id, status FROM email_jobs ORDER BY user_id")
    assert jobs == [(ada, "accepted"), (bob, "pending")]
    assert mailing.shop.rows("SELECT triggered_by FROM campaigns WHERE completed_at IS NULL") == [("reconciliation",)]


@pytest.mark.anyio
async def test_a_week_that_nobody_was_mailed_in_gets_no_campaign(mailing: Mailing) -> None:
    mailing.shop.rows("UPDATE campaigns SET week_key = '2026-W01', state = 'completed', completed_at = now()")
    assert await reconcile(mailing, Book()) == []
    assert mailing.shop.value("SELECT count(*) FROM campaigns") == 1


@pytest.mark.anyio
async def test_the_weeks_of_an_enabled_newsletter_are_held_where_nobody_can_be_asked(mailing: Mailing) -> None:
    mailing.shop.rows("UPDATE campaigns SET week_key = '2026-W01', state = 'completed', completed_at = now()")
    mailing.shop.rows("UPDATE newsletters SET enabled = true")
    mailing.shop.add_user()
    weeks = await reconcile(mailing, None)
    assert [(week.week_key, week.held) for week in weeks] == [(THIS_WEEK, 1)]


@pytest.mark.anyio
async def test_users_without_a_job_yet_are_found_before_the_record_is_read(mailing: Mailing) -> None:
    ada, bob = mailing.shop.add_user("ada@example.org"), mailing.shop.add_user("bob@example.org")
    mailing.shop.add_job(mailing.campaign_id, user_id=ada)
    mailing.shop.rows(
        "UPDATE campaigns SET state = 'paused', dispatched_at = NULL, dispatch_cursor = :ada, audience_end = :bob",
        ada=ada,
        bob=bob,
    )
    await reconcile(mailing, Book(**{"2026_W47": [("m1", "bob@example.org", bob)]}))
    assert mailing.shop.rows("SELECT user_id, status FROM email_jobs ORDER BY 1") == [(ada, "ready"), (bob, "accepted")]
    assert mailing.shop.rows("SELECT state, state_reason FROM campaigns") == [("paused", "a test")]


@pytest.mark.anyio
async def test_a_reconciliation_that_fails_leaves_sending_locked(mailing: Mailing) -> None:
    mailing.add_ready(1)
    with pytest.raises(DependencyError):
        await reconcile(mailing, Silent())
    assert is_locked(mailing)


def test_a_week_has_begun_where_the_newsletter_lives(mailing: Mailing) -> None:
    mailing.shop.rows("UPDATE newsletters SET time_zone = 'Pacific/Auckland'")
    with mailing.shop.engine.begin() as connection:
        [newsletter] = campaigns.newsletters(connection)
    sunday = datetime(2026, 11, 15, 13, 0, tzinfo=UTC)
    assert begun_weeks(newsletter, since=sunday, until=sunday) == {"2026-W47"}
    assert begun_weeks(newsletter, since=sunday, until=sunday + timedelta(days=8)) == {"2026-W47", "2026-W48"}
