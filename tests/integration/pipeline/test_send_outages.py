"""What becomes of mails when the provider, the network or Redis fails: a no, a maybe, and who is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from scripted_provider import Hangs, Request, Resets, accepts, answers, scripted_provider
from sending_desk import Mailing, campaign_of, everything, open_desk

from system.mail import coordination
from system.mail.rate_limit import RateLimit, Wait
from system.pipeline.probe import probe_provider
from system.pipeline.track import apply_posts

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

NOWHERE = "http://127.0.0.1:1"
NO_REDIS = "redis://127.0.0.1:1/0"
CALM = {"breaker_failures": 1_000}


async def drips(_: Request) -> bytes:
    await asyncio.sleep(1.0)
    return accepts()


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (lambda _: Hangs(), "TimeoutError"),
        (drips, "TimeoutError"),
        (lambda _: Resets(), "ClientOSError"),
        (lambda _: answers(500), "500: no readable error"),
        (lambda _: answers(503), "503: no readable error"),
        (lambda _: b"garbage\r\n\r\n", "BadStatusLine|ClientResponseError"),
        (lambda _: b"", "ServerDisconnectedError"),
        (lambda _: accepts()[:20], "TimeoutError|ServerDisconnectedError|ClientPayloadError"),
        (lambda _: answers(202), "202 without X-Message-Id"),
        (lambda _: answers(302, Location="http://127.0.0.1:1/"), "302: no readable error"),
        (lambda _: b"HTTP/1.1 202 X\r\nX-Message-Id: m\r\nContent-Length: 9\r\n\r\nhalf", "TimeoutError"),
    ],
)
async def test_whatever_may_have_been_accepted_is_unknown_and_not_sent_again(
    mailing: Mailing, does: Callable[[Request], Any], reason: str
) -> None:
    mailing.add_ready(2)

    sent = await mailing.send(does, request_deadline_s=0.5, **CALM)
    again = await mailing.send(lambda _: accepts())

    assert len(sent.provider.mails) == 2
    assert again.provider.mails == []
    assert mailing.shop.states() == {"unknown": 2}
    assert mailing.shop.value("SELECT max(reason) FROM email_jobs") in reason.split("|")
    assert mailing.shop.rows("SELECT DISTINCT outcome FROM send_attempts") == [("ambiguous",)]


async def test_a_connection_that_is_refused_is_a_no_and_the_job_waits_for_its_next_try(mailing: Mailing) -> None:
    job_id = mailing.add_ready(1)[0]
    async with open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url=NOWHERE) as desk:
        report = await mailing.sender(desk).run()

    assert report.accepted == 0
    assert mailing.shop.rows(
        "SELECT status, reason, attempt, next_attempt_at > now() + interval '300 ms' FROM email_jobs"
    ) == [("ready", "ClientConnectorError", 1, True)]
    assert mailing.shop.rows("SELECT outcome FROM send_attempts") == [("refused",)]
    assert mailing.shop.transitions(job_id)[-1] == ("answer_refused", "sending", "ready")


async def test_a_name_that_can_not_be_resolved_is_a_no(mailing: Mailing) -> None:
    mailing.add_ready(1)
    async with open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url="http://nowhere.invalid") as desk:
        await mailing.sender(desk).run()
    assert mailing.shop.states() == {"ready": 1}


async def test_a_refused_mail_is_sent_by_a_later_attempt(mailing: Mailing) -> None:
    job_id = mailing.add_ready(1)[0]
    async with open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url=NOWHERE) as desk:
        await mailing.sender(desk).run()
    mailing.shop.rows("UPDATE email_jobs SET next_attempt_at = now()")

    await mailing.send(lambda _: accepts())

    assert mailing.shop.state(job_id) == "accepted"
    assert mailing.shop.rows("SELECT attempt, outcome FROM send_attempts ORDER BY attempt") == [
        (1, "refused"),
        (2, "accepted"),
    ]


async def test_the_last_allowed_refusal_is_a_failure(mailing: Mailing) -> None:
    mailing.add_ready(1)
    async with open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url=NOWHERE, max_attempts=2) as desk:
        for _ in range(3):
            mailing.shop.rows("UPDATE email_jobs SET next_attempt_at = now()")
            await mailing.sender(desk).run()
    assert mailing.shop.rows("SELECT status, reason, attempt FROM email_jobs") == [
        ("failed", "gave up after 2 attempts, the last was refused: ClientConnectorError", 2)
    ]


@pytest.mark.parametrize(("asked", "held"), [("60", 60), ("999999999", 900), ("0", 1)])
async def test_a_throttled_mail_holds_all_workers_back_as_long_as_is_believable(
    mailing: Mailing, asked: str, held: int
) -> None:
    mailing.add_ready(1)

    await mailing.send(lambda _: answers(429, Retry_After=asked))

    assert mailing.shop.states() == {"ready": 1}
    assert mailing.shop.value("SELECT count(*) FROM email_jobs WHERE next_attempt_at > now()") == 1
    with coordination.connect(mailing.redis_url, timeout_s=2) as connection:
        permits = RateLimit(connection, account="default", mails_per_s=100)
        assert held - 1 < permits.held_s() <= held
        assert isinstance(permits.reserve(1), Wait)


async def test_a_redis_that_forgets_everything_does_not_end_the_pause_that_a_provider_asked_for(
    mailing: Mailing,
) -> None:
    mailing.add_ready(2)
    await mailing.send(lambda _: answers(429, Retry_After="60"), limit=1)
    with coordination.connect(mailing.redis_url, timeout_s=2) as connection:
        connection.flushdb()

    again = await mailing.send(lambda _: accepts(), mails_per_s=100)

    assert again.provider.mails == []
    assert again.report.stopped == "provider asked to wait"
    with coordination.connect(mailing.redis_url, timeout_s=2) as connection:
        assert 50 < RateLimit(connection, account="default", mails_per_s=100).held_s() <= 60


async def test_a_throttled_provider_is_no_broken_provider(mailing: Mailing) -> None:
    mailing.add_ready(8)
    await mailing.send(lambda _: answers(429), breaker_failures=2)
    async with open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url=NOWHERE) as desk:
        assert not desk.breaker.is_open()


async def test_a_run_of_failures_opens_the_breaker_and_leaves_the_rest_alone(mailing: Mailing) -> None:
    mailing.add_ready(60)

    sent = await mailing.send(lambda _: answers(500), breaker_failures=5, sends_in_flight=4)
    again = await mailing.send(lambda _: accepts())

    assert sent.report.stopped == again.report.stopped == "breaker is open"
    assert 5 <= len(sent.provider.mails) <= 16
    assert again.provider.mails == []
    assert mailing.shop.states() == {"unknown": len(sent.provider.mails), "ready": 60 - len(sent.provider.mails)}


async def test_without_redis_nothing_is_sent_and_nothing_is_claimed(mailing: Mailing) -> None:
    mailing.add_ready(5)
    async with (
        scripted_provider() as provider,
        open_desk(mailing.shop, redis_url=NO_REDIS, provider_url=provider.url, mails_per_s=100) as desk,
    ):
        report = await mailing.sender(desk).run()

    assert report.stopped == "no permits: ConnectionError"
    assert provider.mails == []
    assert mailing.shop.states() == {"ready": 5}


async def test_a_redis_that_dies_after_the_claim_gives_every_job_back(mailing: Mailing) -> None:
    mailing.add_ready(5)
    async with (
        scripted_provider() as provider,
        open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url=provider.url, mails_per_s=100) as desk,
    ):
        with coordination.connect(NO_REDIS, timeout_s=1) as gone:
            desk.permits.reserve = RateLimit(gone, account="default", mails_per_s=100).reserve  # type: ignore[method-assign]  # dies between two calls
            report = await mailing.sender(desk).run()

    assert report.stopped == "no permits: ConnectionError"
    assert provider.mails == []
    assert mailing.shop.states() == {"ready": 5}
    assert mailing.shop.rows("SELECT DISTINCT outcome FROM send_attempts") == [("released",)]


async def test_an_event_of_a_refused_attempt_prevents_the_second_mail(mailing: Mailing) -> None:
    job_id = mailing.add_ready(1)[0]
    sent = await mailing.send(lambda _: answers(429))
    mailing.shop.rows("UPDATE email_jobs SET next_attempt_at = now()")
    attempt_id = sent.provider.mails[0].args["attempt_id"]
    inbox_id = mailing.shop.value(
        "INSERT INTO webhook_inbox (digest, body) VALUES ('d', convert_to(:body, 'UTF8')) RETURNING id",
        body=f'[{{"event":"processed","timestamp":1763283600,"campaign_id":"{mailing.campaign_id}",'
        f'"job_id":"{job_id}","attempt_id":"{attempt_id}"}}]',
    )
    apply_posts(mailing.shop.engine, inbox_ids=[inbox_id])

    again = await mailing.send(lambda _: accepts())

    assert again.provider.mails == []
    assert mailing.shop.state(job_id) == "accepted"


async def probe(mailing: Mailing, does: Callable[[Request], Any], *, opened: bool = True, **changes: Any) -> Any:
    """Probe a provider with an open breaker; whether it was closed, what the provider saw, and whether it is open."""
    pace = {"probe_interval_s": 0.1, "probe_cap_s": 2.0, "probe_run_s": 1.5, "breaker_failures": 1, **changes}
    async with (
        scripted_provider(does) as provider,
        open_desk(mailing.shop, redis_url=mailing.redis_url, provider_url=provider.url, **pace) as desk,
    ):
        if opened:
            desk.breaker.count(accepted=0, failed_since=1)
        campaign = campaign_of(mailing.shop, mailing.campaign_id)
        batch = everything(mailing.campaign_id)
        closed = await probe_provider(desk, campaign=campaign, batch=batch, is_stopping=lambda: False)
        return closed, provider, desk.breaker.is_open()


async def test_one_accepted_probe_closes_the_breaker(mailing: Mailing) -> None:
    mailing.add_ready(5)

    closed, provider, is_open = await probe(mailing, lambda _: accepts())

    assert (closed, is_open, len(provider.mails)) == (True, False, 1)
    assert mailing.shop.states() == {"accepted": 1, "ready": 4}


async def test_probes_that_may_be_lost_are_spaced_out(mailing: Mailing) -> None:
    mailing.add_ready(20)

    closed, provider, is_open = await probe(mailing, lambda _: answers(503))

    assert (closed, is_open) == (False, True)
    gaps = [later.at - earlier.at for earlier, later in zip(provider.mails, provider.mails[1:], strict=False)]
    assert 2 <= len(provider.mails) <= 5
    assert gaps == sorted(gaps)


async def test_no_mail_is_risked_while_the_provider_answers_nothing(mailing: Mailing) -> None:
    mailing.add_ready(5)
    async with open_desk(
        mailing.shop, redis_url=mailing.redis_url, provider_url=NOWHERE, probe_run_s=0.5, probe_interval_s=0.1
    ) as desk:
        for _ in range(10):
            desk.breaker.count(accepted=0, failed_since=1)
        campaign = campaign_of(mailing.shop, mailing.campaign_id)
        batch = everything(mailing.campaign_id)
        assert not await probe_provider(desk, campaign=campaign, batch=batch, is_stopping=lambda: False)

    assert mailing.shop.value("SELECT count(*) FROM send_attempts") == 0


async def test_nobody_probes_while_the_breaker_is_closed(mailing: Mailing) -> None:
    mailing.add_ready(1)
    closed, provider, _ = await probe(mailing, lambda _: accepts(), opened=False)
    assert (closed, provider.mails, provider.questions) == (True, [], [])


async def test_a_probe_without_a_due_job_ends(mailing: Mailing) -> None:
    closed, provider, is_open = await probe(mailing, lambda _: accepts())
    assert (closed, is_open, provider.mails) == (False, True, [])
