from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from system.states import Happening, JobState
from system.storage import campaigns, claims, dispatching, outcomes
from system.storage.outcomes import Answer

if TYPE_CHECKING:
    from shop_world import Shop

pytestmark = pytest.mark.integration


@pytest.fixture
def campaign_id(shop: Shop) -> int:
    return shop.add_campaign(shop.add_newsletter())


def claim(shop: Shop, campaign_id: int, token: uuid.UUID, *, limit: int = 100, **span: int) -> list[claims.Claimed]:
    span = {"first_id": 1, "last_id": 10_000, **span}
    with shop.engine.begin() as connection:
        return claims.claim_jobs(connection, campaign_id=campaign_id, limit=limit, token=token, lease_s=30, **span)


def intend(shop: Shop, campaign_id: int, token: uuid.UUID, job_ids: list[int]) -> set[int]:
    intents = [claims.Intent(job_id=id_, attempt_id=uuid.uuid4(), content_hash="h") for id_ in job_ids]
    with shop.engine.begin() as connection:
        return claims.record_intents(
            connection, campaign_id=campaign_id, token=token, worker="w", lease_s=30, intents=intents
        )


def answer(job_id: int, attempt_id: uuid.UUID, kind: str = "accepted", **more: Any) -> Answer:
    happening, target = {
        "accepted": (Happening.ANSWER_ACCEPTED, JobState.ACCEPTED),
        "refused": (Happening.ANSWER_REFUSED, JobState.READY),
        "rejected": (Happening.ANSWER_REJECTED, JobState.FAILED),
        "ambiguous": (Happening.ANSWER_AMBIGUOUS, JobState.UNKNOWN),
        "released": (Happening.RELEASED, JobState.READY),
    }[kind]
    return Answer(job_id=job_id, attempt_id=attempt_id, outcome=kind, happening=happening, target=target, **more)


def record(shop: Shop, campaign_id: int, token: uuid.UUID, *answers: Answer) -> int:
    with shop.engine.begin() as connection:
        return outcomes.record_answers(connection, campaign_id=campaign_id, token=token, answers=answers)


def test_a_claim_takes_due_jobs_of_its_range_in_order(shop: Shop, campaign_id: int) -> None:
    ids = [shop.add_job(campaign_id) for _ in range(5)]
    shop.rows("UPDATE email_jobs SET next_attempt_at = now() + interval '1 h' WHERE id = :id", id=ids[2])

    taken = claim(shop, campaign_id, uuid.uuid4(), first_id=ids[1], last_id=ids[3])

    assert [job.job_id for job in taken] == [ids[1], ids[3]]
    assert taken[0].product_ids == [1, 2, 3, 4, 5]
    assert taken[0].email == "user1@example.org"
    assert taken[0].attempt == 0
    assert shop.transitions(ids[1]) == [("claimed", "ready", "claimed")]


def test_two_claimers_never_share_a_job(shop: Shop, campaign_id: int) -> None:
    ids = {shop.add_job(campaign_id) for _ in range(40)}

    with ThreadPoolExecutor(8) as pool:
        takes = list(pool.map(lambda _: claim(shop, campaign_id, uuid.uuid4(), limit=7), range(8)))

    taken = [job.job_id for take in takes for job in take]
    assert len(taken) == len(set(taken))
    assert set(taken) <= ids


def test_a_claim_waits_for_nobody(shop: Shop, campaign_id: int) -> None:
    ids = [shop.add_job(campaign_id) for _ in range(4)]
    with shop.engine.begin() as first:
        held = claims.claim_jobs(
            first, campaign_id=campaign_id, first_id=1, last_id=10_000, limit=2, token=uuid.uuid4(), lease_s=30
        )
        free = claim(shop, campaign_id, uuid.uuid4())

    assert [job.job_id for job in held] == ids[:2]
    assert [job.job_id for job in free] == ids[2:]


@pytest.mark.parametrize(("state", "count"), [("dispatching", 1), ("running", 1), ("paused", 0), ("cancelled", 0)])
def test_nothing_is_claimed_while_the_campaign_does_not_run(shop: Shop, state: str, count: int) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state=state)
    shop.add_job(campaign_id)
    assert len(claim(shop, campaign_id, uuid.uuid4())) == count


@pytest.mark.parametrize(
    ("change", "excluded"),
    [
        ("suppressed_at = now(), suppressed_reason = 'unsubscribed'", "suppressed: unsubscribed"),
        ("active = false", "inactive"),
        ("email = NULL", "no address"),
    ],
)
def test_a_claim_says_who_may_get_no_mail_after_all(shop: Shop, campaign_id: int, change: str, excluded: str) -> None:
    shop.add_job(campaign_id)
    shop.rows(f"UPDATE users SET {change}")
    assert [job.excluded for job in claim(shop, campaign_id, uuid.uuid4())] == [excluded]


def test_a_user_who_was_erased_gets_no_mail(shop: Shop, campaign_id: int) -> None:
    shop.add_job(campaign_id)
    shop.rows("DELETE FROM users")
    assert [job.excluded for job in claim(shop, campaign_id, uuid.uuid4())] == ["erased"]


def test_a_claim_is_settled_under_its_own_token_only(shop: Shop, campaign_id: int) -> None:
    job_id, token = shop.add_job(campaign_id), uuid.uuid4()
    claim(shop, campaign_id, token)

    def settle(token: uuid.UUID) -> int:
        with shop.engine.begin() as connection:
            return claims.settle_claims(
                connection,
                campaign_id=campaign_id,
                token=token,
                happening=Happening.EXCLUDED,
                target=JobState.SKIPPED,
                jobs=[(job_id, "inactive")],
            )

    assert [settle(uuid.uuid4()), settle(token), settle(token)] == [0, 1, 0]
    assert shop.transitions(job_id)[-1] == ("excluded", "claimed", "skipped")


def test_an_intent_is_written_with_its_attempt(shop: Shop, campaign_id: int) -> None:
    job_id = shop.add_job(campaign_id)
    _, attempt_id = shop.send(campaign_id, job_id)

    assert shop.rows("SELECT id, job_id, attempt, worker, outcome FROM send_attempts") == [
        (attempt_id, job_id, 1, "w", None)
    ]
    assert shop.rows("SELECT status, attempt, attempt_id FROM email_jobs") == [("sending", 1, attempt_id)]
    assert shop.transitions(job_id)[-1] == ("intent", "claimed", "sending")


def test_a_zombie_with_an_old_token_writes_no_intent(shop: Shop, campaign_id: int) -> None:
    job_id, old, new = shop.add_job(campaign_id), uuid.uuid4(), uuid.uuid4()
    claim(shop, campaign_id, old)
    shop.rows("UPDATE email_jobs SET lease_until = now() - interval '1 s'")
    with shop.engine.begin() as connection:
        assert outcomes.lapse_claims(connection, campaign_id=campaign_id) == 1
    claim(shop, campaign_id, new)

    assert intend(shop, campaign_id, old, [job_id]) == set()
    assert shop.value("SELECT count(*) FROM send_attempts") == 0
    assert intend(shop, campaign_id, new, [job_id]) == {job_id}


def test_evidence_between_claim_and_intent_forbids_the_mail(shop: Shop, campaign_id: int) -> None:
    ids, token = [shop.add_job(campaign_id) for _ in range(2)], uuid.uuid4()
    claim(shop, campaign_id, token)
    shop.rows("UPDATE email_jobs SET status = 'accepted', claim_token = NULL WHERE id = :id", id=ids[0])

    assert intend(shop, campaign_id, token, ids) == {ids[1]}


def test_a_lapsed_claim_goes_back_to_ready(shop: Shop, campaign_id: int) -> None:
    lapsed = shop.add_job(campaign_id)
    claim(shop, campaign_id, uuid.uuid4())
    shop.rows("UPDATE email_jobs SET lease_until = now() - interval '1 s'")
    held = shop.add_job(campaign_id)
    claim(shop, campaign_id, uuid.uuid4(), first_id=held)

    with shop.engine.begin() as connection:
        assert outcomes.lapse_claims(connection, campaign_id=campaign_id) == 1

    assert (shop.state(lapsed), shop.state(held)) == ("ready", "claimed")
    assert shop.transitions(lapsed)[-1] == ("claim_lapsed", "claimed", "ready")


def test_a_lapsed_send_is_unknown_and_never_ready(shop: Shop, campaign_id: int) -> None:
    lapsed, held = shop.add_job(campaign_id), shop.add_job(campaign_id)
    _, attempt_id = shop.send(campaign_id, lapsed, lease_s=-1)
    shop.send(campaign_id, held)

    with shop.engine.begin() as connection:
        assert outcomes.lapse_claims(connection, campaign_id=campaign_id) == 0
        assert outcomes.lapse_sends(connection, campaign_id=campaign_id) == 1

    assert (shop.state(lapsed), shop.state(held)) == ("unknown", "sending")
    assert shop.transitions(lapsed)[-1] == ("send_lapsed", "sending", "unknown")
    assert shop.value("SELECT outcome FROM send_attempts WHERE id = :id", id=attempt_id) == "lapsed"
    assert claim(shop, campaign_id, uuid.uuid4()) == []


def test_the_answer_of_a_zombie_moves_nothing(shop: Shop, campaign_id: int) -> None:
    job_id = shop.add_job(campaign_id)
    token, attempt_id = shop.send(campaign_id, job_id, lease_s=-1)
    with shop.engine.begin() as connection:
        outcomes.lapse_sends(connection, campaign_id=campaign_id)

    assert record(shop, campaign_id, token, answer(job_id, attempt_id, "refused", reason="503")) == 0
    assert shop.state(job_id) == "unknown"


@pytest.mark.parametrize(
    ("kind", "state", "more"),
    [
        ("accepted", "accepted", {"message_id": "m1"}),
        ("refused", "ready", {"reason": "429: slow down", "retry_after_s": 60.0}),
        ("rejected", "failed", {"reason": "400: bad"}),
        ("ambiguous", "unknown", {"reason": "TimeoutError"}),
        ("released", "ready", {}),
    ],
)
def test_an_answer_moves_its_job_and_is_logged(
    shop: Shop, campaign_id: int, kind: str, state: str, more: dict[str, Any]
) -> None:
    job_id = shop.add_job(campaign_id)
    token, attempt_id = shop.send(campaign_id, job_id)
    given = answer(job_id, attempt_id, kind, **more)

    assert [record(shop, campaign_id, token, given) for _ in range(2)] == [1, 0]
    assert shop.rows(
        "SELECT status, reason, sendgrid_msg_id, claim_token, accepted_at IS NOT NULL,"
        " next_attempt_at > now() + interval '50 s' FROM email_jobs"
    ) == [(state, more.get("reason"), more.get("message_id"), None, kind == "accepted", "retry_after_s" in more)]
    assert shop.transitions(job_id)[-1] == (given.happening, "sending", state)
    assert shop.rows("SELECT outcome, detail FROM send_attempts") == [(kind, more.get("reason"))]


def test_an_answer_under_another_token_or_attempt_moves_nothing(shop: Shop, campaign_id: int) -> None:
    job_id = shop.add_job(campaign_id)
    token, attempt_id = shop.send(campaign_id, job_id)

    assert record(shop, campaign_id, uuid.uuid4(), answer(job_id, attempt_id)) == 0
    assert record(shop, campaign_id, token, answer(job_id, uuid.uuid4())) == 0
    assert shop.state(job_id) == "sending"


def test_an_answer_that_evidence_has_overtaken_still_names_the_message(shop: Shop, campaign_id: int) -> None:
    job_id = shop.add_job(campaign_id)
    token, attempt_id = shop.send(campaign_id, job_id)
    shop.rows("UPDATE email_jobs SET status = 'delivered', claim_token = NULL")

    assert record(shop, campaign_id, token, answer(job_id, attempt_id, message_id="m1")) == 0
    assert shop.state(job_id) == "delivered"
    assert shop.rows("SELECT outcome, sendgrid_msg_id FROM send_attempts") == [("accepted", "m1")]


def test_answers_of_a_group_are_written_together(shop: Shop, campaign_id: int) -> None:
    ids, token = [shop.add_job(campaign_id) for _ in range(30)], uuid.uuid4()
    claim(shop, campaign_id, token)
    assert intend(shop, campaign_id, token, ids) == set(ids)
    attempts = dict(shop.rows("SELECT job_id, id FROM send_attempts"))  # type: ignore[arg-type]  # pairs

    assert record(shop, campaign_id, token, *(answer(id_, attempts[id_]) for id_ in ids)) == 30
    assert shop.states() == {"accepted": 30}


def test_what_no_evidence_settles_in_time_is_indeterminate(shop: Shop, campaign_id: int) -> None:
    late = shop.add_job(campaign_id, "unknown", reason="TimeoutError")
    early = shop.add_job(campaign_id, "unknown", reason="TimeoutError")
    shop.rows("UPDATE email_jobs SET updated_at = now() - interval '61 s' WHERE id = :id", id=late)

    with shop.engine.begin() as connection:
        assert outcomes.give_up_unknown(connection, campaign_id=campaign_id, deadline_s=60) == 1

    assert (shop.state(late), shop.state(early)) == ("indeterminate", "unknown")
    assert shop.value("SELECT reason FROM email_jobs WHERE id = :id", id=late) == (
        "no evidence within 60 s (TimeoutError)"
    )
    assert shop.transitions(late) == [("deadline", "unknown", "indeterminate")]


def test_a_cancellation_skips_what_nobody_has_claimed(shop: Shop, campaign_id: int) -> None:
    jobs = {state: shop.add_job(campaign_id, state) for state in JobState}

    with shop.engine.begin() as connection:
        assert dispatching.exclude_cancelled(connection, campaign_id=campaign_id, limit=1) == 1
        assert dispatching.exclude_cancelled(connection, campaign_id=campaign_id, limit=100) == 1

    changed = {state for state, job_id in jobs.items() if shop.state(job_id) != state}
    assert changed == {"pending", "ready"}
    assert shop.transitions(jobs[JobState.READY]) == [("excluded", "ready", "skipped")]


def test_a_run_of_the_same_rejection_pauses_the_campaign(shop: Shop, campaign_id: int) -> None:
    def reject(reason: str, rejected: int) -> bool:
        with shop.engine.begin() as connection:
            return campaigns.count_rejections(
                connection, campaign_id=campaign_id, reason=reason, rejected=rejected, pause_at=20
            )

    assert [reject("400: bad", 10), reject("413: big", 15), reject("400: bad", 10), reject("400: bad", 9)] == [
        False
    ] * 4
    assert reject("400: bad", 1) is True
    assert shop.rows("SELECT state, state_reason FROM campaigns") == [
        ("paused", "the provider rejected 20 mails in a row: 400: bad")
    ]


def test_an_accepted_mail_ends_the_run_of_rejections(shop: Shop, campaign_id: int) -> None:
    with shop.engine.begin() as connection:
        campaigns.count_rejections(connection, campaign_id=campaign_id, reason="400", rejected=19, pause_at=20)
        campaigns.end_rejections(connection, campaign_id=campaign_id)
        assert not campaigns.count_rejections(
            connection, campaign_id=campaign_id, reason="400", rejected=1, pause_at=20
        )


def test_a_rejection_after_the_pause_keeps_the_operators_reason(shop: Shop, campaign_id: int) -> None:
    with shop.engine.begin() as connection:
        assert campaigns.pause_campaign(connection, campaign_id=campaign_id, reason="by hand")
        campaigns.count_rejections(connection, campaign_id=campaign_id, reason="400", rejected=30, pause_at=20)
    assert shop.value("SELECT state_reason FROM campaigns") == "by hand"


def test_a_campaign_is_paused_resumed_and_cancelled_once(shop: Shop, campaign_id: int) -> None:
    with shop.engine.begin() as connection:
        assert not campaigns.resume_campaign(connection, campaign_id=campaign_id)
        assert campaigns.pause_campaign(connection, campaign_id=campaign_id, reason="by hand")
        assert not campaigns.pause_campaign(connection, campaign_id=campaign_id, reason="again")
        assert campaigns.resume_campaign(connection, campaign_id=campaign_id)
        assert campaigns.cancel_campaign(connection, campaign_id=campaign_id, reason="by hand")
        assert not campaigns.cancel_campaign(connection, campaign_id=campaign_id, reason="again")
        assert not campaigns.resume_campaign(connection, campaign_id=campaign_id)


@pytest.mark.parametrize(("dispatched", "state"), [("NULL", "dispatching"), ("now()", "running")])
def test_a_resumed_campaign_goes_on_where_it_was(shop: Shop, campaign_id: int, dispatched: str, state: str) -> None:
    shop.rows(f"UPDATE campaigns SET state = 'paused', dispatched_at = {dispatched}")
    with shop.engine.begin() as connection:
        campaigns.resume_campaign(connection, campaign_id=campaign_id)
    assert shop.value("SELECT state FROM campaigns") == state


@pytest.mark.parametrize("state", JobState)
def test_a_campaign_completes_when_nothing_is_in_work(shop: Shop, campaign_id: int, state: JobState) -> None:
    in_work = state in {"pending", "ready", "claimed", "sending", "unknown"}
    shop.add_job(campaign_id, "accepted")
    shop.add_job(campaign_id, state)
    with shop.engine.begin() as connection:
        assert campaigns.complete_campaign(connection, campaign_id=campaign_id) is not in_work
    assert (shop.value("SELECT state FROM campaigns") == "completed") is not in_work


def test_a_completed_campaign_keeps_its_counts(shop: Shop, campaign_id: int) -> None:
    for state in ("accepted", "accepted", "skipped"):
        shop.add_job(campaign_id, state)
    with shop.engine.begin() as connection:
        assert campaigns.complete_campaign(connection, campaign_id=campaign_id)
        assert not campaigns.complete_campaign(connection, campaign_id=campaign_id)
    assert shop.value("SELECT counts FROM campaigns") == {"accepted": 2, "skipped": 1}


def test_a_cancelled_campaign_stays_cancelled_when_it_ends(shop: Shop) -> None:
    campaign_id = shop.add_campaign(shop.add_newsletter(), state="cancelled")
    with shop.engine.begin() as connection:
        assert campaigns.complete_campaign(connection, campaign_id=campaign_id)
    assert shop.rows("SELECT state, completed_at IS NOT NULL FROM campaigns") == [("cancelled", True)]
