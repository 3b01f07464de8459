"""A database that has forgotten mails that were sent sends nothing more."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from scripted_provider import accepts
from shop_world import settings_with

from system.errors import DependencyError
from system.mail import coordination
from system.mail.witnesses import KEPT_S, KEY, Witnesses
from system.pipeline.dispatch import start_campaign
from system.pipeline.epoch import why_locked
from system.pipeline.sweep import Room, sweep
from system.storage import claims, epochs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sending_desk import Mailing

pytestmark = pytest.mark.integration

FORGOTTEN = "the database has forgotten mails that 1 of 1 processes sent last"


@contextmanager
def witnesses_of(mailing: Mailing) -> Iterator[Witnesses]:
    with coordination.connect(mailing.redis_url, timeout_s=2) as connection:
        yield Witnesses(connection)


def look(mailing: Mailing) -> str | None:
    with witnesses_of(mailing) as witnesses:
        return why_locked(mailing.shop.engine, witnesses)


def lose_last_attempt(mailing: Mailing) -> None:
    mailing.shop.rows("DELETE FROM send_attempts")


def lock(mailing: Mailing, reason: str = "a test") -> None:
    with mailing.shop.engine.begin() as connection:
        assert epochs.lock_sending(connection, reason=reason)


@pytest.mark.anyio
async def test_every_group_that_leaves_is_known_outside_the_database(mailing: Mailing) -> None:
    mailing.add_ready(3)
    await mailing.send(lambda _request: accepts())
    with witnesses_of(mailing) as witnesses:
        [(campaign_id, attempt_id)] = witnesses.last_attempts()
    assert mailing.shop.rows(
        "SELECT campaign_id FROM send_attempts WHERE id = :id AND outcome = 'accepted'", id=attempt_id
    ) == [(campaign_id,)]
    assert look(mailing) is None


@pytest.mark.anyio
async def test_a_database_that_lacks_what_was_sent_last_locks_itself_for_good(mailing: Mailing) -> None:
    mailing.add_ready(1)
    await mailing.send(lambda _request: accepts())
    lose_last_attempt(mailing)
    mailing.add_ready(1)

    refused = await mailing.send(lambda _request: accepts())

    assert refused.report.stopped == f"sending is locked: {FORGOTTEN}"
    assert refused.provider.mails == []
    with witnesses_of(mailing) as witnesses:
        witnesses.forget()  # a Redis that was flushed afterwards changes nothing
    assert look(mailing) == FORGOTTEN
    assert mailing.shop.states() == {"accepted": 1, "ready": 1}


@pytest.mark.anyio
async def test_a_lock_that_somebody_sets_stops_the_next_claim(mailing: Mailing) -> None:
    mailing.add_ready(2)
    lock(mailing)
    sent = await mailing.send(lambda _request: accepts(), limit=1)
    assert (sent.report.stopped, sent.provider.mails) == ("sending is locked: a test", [])
    assert mailing.shop.states() == {"ready": 2}


def test_a_restored_table_is_not_the_one_that_was_allowed_to_send(mailing: Mailing) -> None:
    mailing.shop.rows("CREATE TABLE copy (LIKE sending_epochs INCLUDING ALL)")
    mailing.shop.rows("INSERT INTO copy SELECT * FROM sending_epochs")
    mailing.shop.rows("DROP TABLE sending_epochs")
    mailing.shop.rows("ALTER TABLE copy RENAME TO sending_epochs")
    assert look(mailing) == "this database is a restored copy of another one"


def test_a_database_of_another_server_is_a_copy(mailing: Mailing) -> None:
    mailing.shop.rows("UPDATE sending_epochs SET database = '1' || database")
    assert look(mailing) == "this database is a restored copy of another one"


def test_an_epoch_that_is_gone_locks_as_well(mailing: Mailing) -> None:
    mailing.shop.rows("DELETE FROM sending_epochs")
    assert look(mailing) == "the table sending_epochs is empty"


def test_a_new_epoch_lets_mails_out_again(mailing: Mailing) -> None:
    lock(mailing)
    with mailing.shop.engine.begin() as connection:
        epochs.open_epoch(connection, opened_by="a test")
    assert look(mailing) is None


def test_a_campaign_that_retention_dropped_is_not_forgotten(mailing: Mailing) -> None:
    with witnesses_of(mailing) as witnesses:
        witnesses.note("w", (mailing.campaign_id, uuid.UUID(int=7)))
    mailing.shop.rows("UPDATE campaigns SET forgotten_at = now()")
    assert look(mailing) is None


def test_the_sweep_of_a_locked_database_applies_posts_and_feeds_nobody(mailing: Mailing) -> None:
    mailing.add_ready(1)
    mailing.shop.add_job(mailing.campaign_id, "claimed")
    mailing.shop.rows("UPDATE email_jobs SET lease_until = now() - interval '1 hour' WHERE status = 'claimed'")
    mailing.shop.rows("INSERT INTO webhook_inbox (digest, body, received_at) VALUES ('x', 'y', now() - interval '1h')")
    lock(mailing)

    chores = sweep(
        mailing.shop.engine,
        settings=settings_with(),
        room=Room(ml=True, emails=True),
        breaker_is_open=lambda _account: False,
    )

    assert chores.locked == "a test"
    assert len(chores.posts) == 1
    assert (chores.sends, chores.probes, chores.dispatches, chores.recommendations) == ([], [], [], [])
    assert mailing.shop.states() == {"ready": 1, "claimed": 1}


def test_no_campaign_is_started_while_sending_is_locked(mailing: Mailing) -> None:
    lock(mailing)
    with pytest.raises(DependencyError, match=r"Sending is locked: a test\. .*steadypost db reconcile"):
        start_campaign(mailing.shop.engine, newsletter="weekly-recos", week_key="2026-W48", triggered_by="test")


def test_processes_that_ended_long_ago_are_dropped_from_the_witnesses(mailing: Mailing) -> None:
    with witnesses_of(mailing) as witnesses:
        witnesses.note("new", (1, uuid.UUID(int=1)))
        witnesses._redis.hset(KEY, "old", f"1 {uuid.UUID(int=2)} {10**9 - KEPT_S:.0f}")
        assert witnesses.last_attempts() == [(1, uuid.UUID(int=1))]
        assert witnesses._redis.hkeys(KEY) == [b"new"]


def test_the_claim_itself_takes_nothing_while_sending_is_locked(mailing: Mailing) -> None:
    [job_id] = mailing.add_ready(1)
    lock(mailing)
    with mailing.shop.engine.begin() as connection:
        jobs = claims.claim_jobs(
            connection,
            campaign_id=mailing.campaign_id,
            first_id=job_id,
            last_id=job_id,
            limit=1,
            token=uuid.UUID(int=1),
            lease_s=30,
        )
    assert jobs == []
