"""What one batch does with its jobs when the provider behaves, and when a mail is no mail."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY
from scripted_provider import Request, accepts, answers, rejects, scripted_provider
from sending_desk import Mailing, open_desk
from shop_world import settings_with
from sqlalchemy import text

from system.settings import Settings

if TYPE_CHECKING:
    from stack.postgres import Postgres

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


async def test_every_ready_job_is_sent_once_and_accepted(mailing: Mailing) -> None:
    ids = mailing.add_ready(40)

    sent = await mailing.send(lambda _: accepts())

    assert (sent.report.accepted, sent.report.stopped) == (40, None)
    assert sorted(request.job_id for request in sent.provider.mails) == ids
    assert mailing.shop.states() == {"accepted": 40}
    assert mailing.shop.rows("SELECT DISTINCT outcome, sendgrid_msg_id FROM send_attempts") == [
        ("accepted", "message-of-the-provider")
    ]
    assert mailing.shop.transitions(ids[0]) == [
        ("claimed", "ready", "claimed"),
        ("intent", "claimed", "sending"),
        ("answer_accepted", "sending", "accepted"),
    ]


async def test_a_mail_carries_the_ids_by_which_its_events_are_known(mailing: Mailing) -> None:
    job_id = mailing.add_ready(1)[0]

    request = (await mailing.send(lambda _: accepts())).provider.mails[0]

    attempt_id = mailing.shop.value("SELECT id::text FROM send_attempts")
    assert request.headers["authorization"] == "Bearer SG.test"
    assert {name: request.args[name] for name in ("campaign_id", "job_id", "attempt_id")} == {
        "campaign_id": str(mailing.campaign_id),
        "job_id": str(job_id),
        "attempt_id": attempt_id,
    }
    assert request.args["content_hash"] == mailing.shop.value("SELECT content_hash FROM send_attempts")


async def test_the_intent_is_committed_before_the_first_byte_leaves(mailing: Mailing) -> None:
    mailing.add_ready(12)
    seen = []

    def look(request: Request) -> bytes:
        statement = """
            SELECT j.status, a.outcome FROM send_attempts a JOIN email_jobs j ON j.attempt_id = a.id
            WHERE a.id = CAST(:attempt_id AS uuid) AND j.id = :job_id
        """
        values = {"attempt_id": request.args["attempt_id"], "job_id": request.job_id}
        seen.append([tuple(row) for row in mailing.shop.rows(statement, **values)])
        return accepts()

    await mailing.send(look)

    assert seen == [[("sending", None)]] * 12


async def test_no_transaction_is_open_while_http_runs(mailing: Mailing) -> None:
    mailing.add_ready(8)
    open_transactions = []

    async def wait_and_look(_: Request) -> bytes:
        await asyncio.sleep(0.2)  # whatever follows the intent has had time to end
        statement = text(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
            " AND pid <> pg_backend_pid()"
        )
        with mailing.shop.engine.connect() as connection:
            open_transactions.append(connection.execute(statement).all())
        return accepts()

    # One at a time, so that no other mail's intent or answer is written meanwhile.
    await mailing.send(wait_and_look, sends_in_flight=1)

    assert open_transactions == [[]] * 8


async def test_no_more_mails_are_in_flight_than_allowed(mailing: Mailing) -> None:
    mailing.add_ready(20)
    in_flight, most = 0, 0

    async def count(_: Request) -> bytes:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0.02)
        in_flight -= 1
        return accepts()

    await mailing.send(count, sends_in_flight=4)

    assert 2 <= most <= 4


async def test_connections_are_used_again(mailing: Mailing) -> None:
    mailing.add_ready(30)
    sent = await mailing.send(lambda _: accepts(), sends_in_flight=4)
    assert sent.provider.connections <= 4


async def test_two_batches_over_the_same_jobs_send_each_once(mailing: Mailing) -> None:
    ids = mailing.add_ready(40)
    async with scripted_provider() as provider:
        urls = {"redis_url": mailing.redis_url, "provider_url": provider.url}
        async with open_desk(mailing.shop, **urls) as first, open_desk(mailing.shop, **urls) as second:
            reports = await asyncio.gather(mailing.sender(first).run(), mailing.sender(second).run())

    assert sum(report.accepted for report in reports) == 40
    assert sorted(request.job_id for request in provider.mails) == ids


async def test_a_batch_sends_no_more_than_its_limit(mailing: Mailing) -> None:
    mailing.add_ready(5)
    sent = await mailing.send(lambda _: accepts(), limit=1)
    assert len(sent.provider.mails) == 1
    assert mailing.shop.states() == {"accepted": 1, "ready": 4}


async def test_jobs_outside_the_range_are_left_alone(mailing: Mailing) -> None:
    other = mailing.shop.add_campaign(mailing.shop.add_newsletter("other"))
    mailing.add_ready(1)
    left = mailing.shop.add_job(other)

    sent = await mailing.send(lambda _: accepts())

    assert len(sent.provider.mails) == 1
    assert mailing.shop.state(left) == "ready"


async def test_a_paused_campaign_sends_nothing(mailing: Mailing) -> None:
    mailing.add_ready(3)
    mailing.shop.rows("UPDATE campaigns SET state = 'paused'")
    assert (await mailing.send(lambda _: accepts())).provider.mails == []
    assert mailing.shop.states() == {"ready": 3}


async def test_who_was_suppressed_after_dispatch_gets_no_mail(mailing: Mailing) -> None:
    ids = mailing.add_ready(3)
    mailing.shop.rows(
        "UPDATE users SET suppressed_at = now(), suppressed_reason = 'unsubscribed'"
        " WHERE id = (SELECT user_id FROM email_jobs WHERE id = :id)",
        id=ids[1],
    )

    sent = await mailing.send(lambda _: accepts())

    assert sorted(request.job_id for request in sent.provider.mails) == [ids[0], ids[2]]
    assert mailing.shop.rows("SELECT status, reason FROM email_jobs WHERE id = :id", id=ids[1]) == [
        ("skipped", "suppressed: unsubscribed")
    ]
    assert mailing.shop.transitions(ids[1])[-1] == ("excluded", "claimed", "skipped")


async def test_a_range_of_people_who_get_no_mail_ends_all_the_same(mailing: Mailing) -> None:
    mailing.add_ready(60)
    mailing.shop.rows("UPDATE users SET active = false")
    assert (await mailing.send(lambda _: accepts())).provider.mails == []
    assert mailing.shop.states() == {"skipped": 60}


async def test_a_mail_without_products_fails_and_spoils_no_other(mailing: Mailing) -> None:
    ids = mailing.add_ready(3)
    mailing.shop.rows("UPDATE email_jobs SET product_ids = '{77}', because_ids = '{0}' WHERE id = :id", id=ids[1])

    sent = await mailing.send(lambda _: accepts())

    assert len(sent.provider.mails) == 2
    assert mailing.shop.rows("SELECT status, reason FROM email_jobs WHERE id = :id", id=ids[1]) == [
        ("failed", "unrenderable: product_ids")
    ]


async def test_products_that_were_deleted_since_are_left_out_of_their_mails_and_counted(mailing: Mailing) -> None:
    ids = mailing.add_ready(2)
    mailing.shop.rows("UPDATE email_jobs SET because_ids = '{6,6,0,0,0}' WHERE id = :id", id=ids[1])
    mailing.shop.rows("DELETE FROM products WHERE id IN (2, 3, 6)")
    before = REGISTRY.get_sample_value("steadypost_products_gone_total") or 0

    sent = await mailing.send(lambda _: accepts())

    pages = [json.loads(request.body)["content"][1]["value"] for request in sent.provider.mails]
    assert [[n for n in range(1, 7) if f"Product {n}" in page] for page in pages] == [[1, 4, 5], [1, 4, 5]]
    assert mailing.shop.states() == {"accepted": 2}
    assert REGISTRY.get_sample_value("steadypost_products_gone_total") == before + 4


async def test_a_job_that_can_not_be_written_at_all_fails_and_spoils_no_other(mailing: Mailing) -> None:
    ids = mailing.add_ready(3)
    mailing.shop.rows("UPDATE email_jobs SET because_ids = '{0}' WHERE id = :id", id=ids[1])

    sent = await mailing.send(lambda _: accepts())

    assert len(sent.provider.mails) == 2
    assert mailing.shop.states() == {"accepted": 2, "failed": 1}


async def test_an_unknown_template_fails_the_jobs_and_not_the_worker(mailing: Mailing) -> None:
    mailing.add_ready(2)
    mailing.shop.rows("UPDATE newsletters SET template = 'nothing'")
    await mailing.send(lambda _: accepts())
    assert mailing.shop.rows("SELECT DISTINCT status, reason FROM email_jobs") == [("failed", "unrenderable: template")]


async def test_a_mail_that_the_provider_rejects_fails_with_its_reason(mailing: Mailing) -> None:
    ids = mailing.add_ready(5)

    def reject_one(request: Request) -> bytes:
        return rejects("Does not contain a valid address.") if request.job_id == ids[2] else accepts()

    await mailing.send(reject_one)

    assert mailing.shop.states() == {"accepted": 4, "failed": 1}
    assert mailing.shop.rows("SELECT id, reason FROM email_jobs WHERE status = 'failed'") == [
        (ids[2], "400: Does not contain a valid address.")
    ]
    assert mailing.shop.value("SELECT state FROM campaigns") == "running"


async def test_the_same_rejection_again_and_again_pauses_the_campaign(mailing: Mailing) -> None:
    mailing.add_ready(60)

    sent = await mailing.send(lambda _: rejects("The from address is not verified."), sends_in_flight=4)

    assert sent.report.stopped == "campaign is paused"
    assert mailing.shop.states()["failed"] == len(sent.provider.mails) < 40
    assert set(mailing.shop.states()) == {"failed", "ready"}
    assert mailing.shop.value("SELECT state FROM campaigns") == "paused"
    assert "in a row: 400: The from address is not verified." in mailing.shop.value(
        "SELECT state_reason FROM campaigns"
    )


@pytest.mark.parametrize("status", [401, 403])
async def test_a_blocked_account_pauses_the_campaign_and_burns_no_job(mailing: Mailing, status: int) -> None:
    mailing.add_ready(60)

    sent = await mailing.send(lambda _: rejects("access forbidden", status), sends_in_flight=4)

    assert len(sent.provider.mails) <= 8
    assert mailing.shop.states() == {"ready": 60}
    assert mailing.shop.rows("SELECT state, state_reason FROM campaigns") == [
        ("paused", f"the provider blocks the account: {status}: access forbidden")
    ]


async def test_a_worker_that_must_stop_gives_back_what_it_has_not_sent(mailing: Mailing) -> None:
    mailing.add_ready(60)
    answered = []

    def accept(request: Request) -> bytes:
        answered.append(request.job_id)
        return accepts()

    sent = await mailing.send(accept, is_stopping=lambda: len(answered) >= 5, mails_per_s=50)

    assert sent.report.stopped == "worker is shutting down"
    assert mailing.shop.states() == {"accepted": len(answered), "ready": 60 - len(answered)}
    assert len(answered) < 60
    assert mailing.shop.value("SELECT count(*) FROM email_jobs WHERE claim_token IS NOT NULL") == 0


async def test_nothing_is_claimed_while_the_provider_wants_to_be_left_alone(mailing: Mailing) -> None:
    mailing.add_ready(2)
    async with (
        scripted_provider() as provider,
        open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url=provider.url, mails_per_s=100) as desk,
    ):
        desk.permits.hold(300)
        report = await mailing.sender(desk).run()

    assert report.stopped == "provider asked to wait"
    assert mailing.shop.states() == {"ready": 2}
    assert mailing.shop.value("SELECT count(*) FROM job_transitions") == 0


async def test_mails_whose_intent_was_written_go_back_when_the_provider_wants_to_be_left_alone(
    mailing: Mailing,
) -> None:
    mailing.add_ready(40)

    sent = await mailing.send(lambda _: answers(429, Retry_After="60"), mails_per_s=100)

    assert sent.report.stopped == "provider asked to wait"
    assert mailing.shop.states() == {"ready": 40}  # and none unknown, which its lease would have made it


async def test_a_slot_that_was_missed_is_replaced_and_the_mail_still_sent_once(mailing: Mailing) -> None:
    ids = mailing.add_ready(30)
    stalled = False

    def stall(_: Request) -> bytes:
        nonlocal stalled
        if not stalled:
            stalled = True
            time.sleep(0.3)  # the sender's own loop stands still meanwhile
        return accepts()

    sent = await mailing.send(stall, mails_per_s=100)

    assert sorted(request.job_id for request in sent.provider.mails) == ids
    assert mailing.shop.states() == {"accepted": 30}


async def test_answers_survive_a_database_that_is_away(mailing: Mailing, postgres_server: Postgres) -> None:
    mailing.add_ready(6)
    name = mailing.shop.engine.url.database
    healing = []

    async def heal() -> None:
        await asyncio.sleep(1.5)
        _allow(postgres_server, name, "true")

    async def cut_the_database_off(_: Request) -> bytes:
        if not healing:
            _allow(postgres_server, name, "false")
            healing.append(asyncio.create_task(heal()))
        return accepts()

    sent = await mailing.send(cut_the_database_off)

    assert len(sent.provider.mails) == 6
    assert sent.report.accepted == 6
    assert sent.report.stopped is not None
    assert sent.report.stopped.startswith("database: ")
    assert mailing.shop.states() == {"accepted": 6}


def _allow(server: Postgres, database: str | None, allowed: str) -> None:
    with server.connect() as connection:
        connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS {allowed}".encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])


async def test_a_mail_whose_job_could_be_given_up_before_its_answer_does_not_leave(
    mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As when the process was stopped for long between the intent and the first byte.
    job_id = mailing.add_ready(1)[0]
    monkeypatch.setattr(Settings, "last_start_s", property(lambda _: 0.0))

    sent = await mailing.send(lambda _: accepts(), limit=1)

    assert sent.provider.mails == []
    assert mailing.shop.transitions(job_id)[-1] == ("released", "sending", "ready")


def test_a_mail_leaves_early_enough_to_be_answered_before_its_job_is_given_up() -> None:
    patient = settings_with(claim_lease_s=30, resolution_deadline_s=60, connect_timeout_s=3, request_deadline_s=10)
    assert patient.last_start_s == 30 + 60 - 3 - 10
