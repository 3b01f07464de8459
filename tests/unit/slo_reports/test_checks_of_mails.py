"""Checks that look at every accepted mail: duplicates, reconciliation, intents, ends, contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from literal_run import START, a_job, a_mail, a_step, an_attempt, content_of, steps, verdict_of

from slo_reports.checks.afterlife import check_afterlife
from slo_reports.checks.content import check_content
from slo_reports.checks.duplicates import check_duplicates
from slo_reports.checks.reconciliation import check_intents, check_ledger
from slo_reports.verdict import Status
from system.mail.payload import content_hash

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def test_one_mail_each_is_met_with_a_bound_of_three_by_n(tmp_path: Path) -> None:
    verdict = verdict_of(check_duplicates, tmp_path, ledger=[a_mail(n) for n in range(1, 101)])
    assert verdict.status is Status.MET
    assert verdict.measure is not None
    assert verdict.measure.interval == (0.0, 0.03)


def test_a_second_mail_for_one_user_is_found(tmp_path: Path) -> None:
    verdict = verdict_of(check_duplicates, tmp_path, ledger=[a_mail(1, user_id=7), a_mail(2, user_id=7), a_mail(3)])
    assert verdict.status is Status.MISSED
    assert verdict.evidence == ("user 7, week 2026-W47: 2 mails",)


def test_a_mail_in_the_next_week_is_no_second_one(tmp_path: Path) -> None:
    ledger = [a_mail(1, user_id=7), a_mail(2, user_id=7, week_key="2026-W48")]
    assert verdict_of(check_duplicates, tmp_path, ledger=ledger).status is Status.MET


def test_a_rejected_mail_and_its_repetition_are_one(tmp_path: Path) -> None:
    ledger = [a_mail(1, kind="rejected", status=429), a_mail(1)]
    assert verdict_of(check_duplicates, tmp_path, ledger=ledger).status is Status.MET


def test_evidence_ends_at_fifty(tmp_path: Path) -> None:
    ledger = [a_mail(n, user_id=n % 60) for n in range(120)]
    verdict = verdict_of(check_duplicates, tmp_path, ledger=ledger)
    assert len(verdict.evidence) == 50
    assert "60 of 60" in verdict.says


def test_a_ledger_that_agrees_with_the_database_is_met(tmp_path: Path) -> None:
    jobs = [a_job(1), a_job(2, "bounced", "550"), a_job(3, "skipped", "no address")]
    assert verdict_of(check_ledger, tmp_path, ledger=[a_mail(1), a_mail(2)], jobs=jobs).status is Status.MET


def test_a_ghost_and_a_phantom_are_told_apart(tmp_path: Path) -> None:
    verdict = verdict_of(check_ledger, tmp_path, ledger=[a_mail(1)], jobs=[a_job(1, "failed", "x"), a_job(2)])
    assert verdict.status is Status.MISSED
    assert verdict.evidence == ("ghost job 1", "phantom job 2")
    assert "1 ghosts, 1 phantoms" in verdict.says


def test_a_mail_of_an_indeterminate_job_is_a_ghost(tmp_path: Path) -> None:
    jobs = [a_job(1, "indeterminate", "no evidence")]
    assert verdict_of(check_ledger, tmp_path, ledger=[a_mail(1)], jobs=jobs).evidence == ("ghost job 1",)


@pytest.mark.parametrize(
    ("attempts", "status"),
    [
        ([an_attempt(1, at=9.9)], Status.MET),
        ([an_attempt(1, at=10.0009)], Status.MET),
        ([an_attempt(1, at=10.002)], Status.MISSED),
        ([], Status.MISSED),
        ([an_attempt(2, attempt_id="a1")], Status.MISSED),
    ],
    ids=["before", "same millisecond", "after", "none", "of another job"],
)
def test_a_mail_needs_an_intent_that_is_older(tmp_path: Path, attempts: list[dict[str, Any]], status: Status) -> None:
    assert verdict_of(check_intents, tmp_path, ledger=[a_mail(1)], attempts=attempts).status is status


@pytest.mark.parametrize(("received", "status"), [(10.0, Status.MET), (10.1, Status.MET), (10.2, Status.MISSED)])
def test_nothing_is_accepted_after_a_job_has_ended(tmp_path: Path, received: float, status: Status) -> None:
    ledger, jobs = [a_mail(1, at=received)], [a_job(1)]
    assert verdict_of(check_afterlife, tmp_path, ledger=ledger, jobs=jobs, transitions=steps()).status is status


def test_a_mail_after_the_job_was_skipped_is_found(tmp_path: Path) -> None:
    transitions = [a_step(1, "excluded", "pending", "skipped", at=5)]
    verdict = verdict_of(check_afterlife, tmp_path, ledger=[a_mail(1)], jobs=[a_job(1)], transitions=transitions)
    assert verdict.evidence == ("job 1: accepted 5.000 s after its end",)


@pytest.mark.parametrize(
    ("suppressed", "status"),
    [(8.0, Status.MISSED), (9.0, Status.MET), (9.85, Status.MET), (10.5, Status.MET)],
    ids=["long before the claim", "not committed at the claim", "after the claim", "after the mail"],
)
def test_no_mail_goes_to_whom_the_claim_could_know_as_suppressed(
    tmp_path: Path, suppressed: float, status: Status
) -> None:
    jobs = [a_job(1, suppressed_at=START + suppressed)]
    verdict = verdict_of(check_afterlife, tmp_path, ledger=[a_mail(1)], jobs=jobs, transitions=steps())
    assert verdict.status is status


def test_right_contents_are_met(tmp_path: Path) -> None:
    ledger, jobs, attempts = [a_mail(1), a_mail(2)], [a_job(1), a_job(2)], [an_attempt(1), an_attempt(2)]
    assert verdict_of(check_content, tmp_path, ledger=ledger, jobs=jobs, attempts=attempts).status is Status.MET


@pytest.mark.parametrize(
    ("mail", "attempt", "says"),
    [
        ({"content_hash": content_of(2)}, {}, "holds other recommendations"),
        ({"recipient": "r2"}, {}, "went to another address"),
        ({"user_id": 2}, {}, "names another user"),
        ({"job_id": 3}, {}, "belongs to no job"),
        ({}, {"content_hash": content_of(2)}, "has another content in its intent"),
    ],
    ids=["content", "recipient", "user", "job", "intent"],
)
def test_anything_of_somebody_else_is_found(
    tmp_path: Path, mail: dict[str, Any], attempt: dict[str, Any], says: str
) -> None:
    ledger, attempts = [a_mail(1, **mail), a_mail(2)], [an_attempt(1, **attempt), an_attempt(2)]
    verdict = verdict_of(check_content, tmp_path, ledger=ledger, jobs=[a_job(1), a_job(2)], attempts=attempts)
    assert verdict.status is Status.MISSED
    assert verdict.evidence == (f"the mail of job {mail.get('job_id', 1)} {says}",)


def test_the_judge_makes_fingerprints_as_the_product_does(tmp_path: Path) -> None:
    whole = content_hash(user_id=4711, product_ids=[82, 32, 33], model_version="2026-11-21-e4e2a728")
    job = a_job(1, user_id=4711, product_ids=[82, 32, 33], model_version="2026-11-21-e4e2a728")
    ledger = [a_mail(1, user_id=4711, content_hash=whole[:8])]
    attempts = [an_attempt(1, content_hash=whole)]
    assert verdict_of(check_content, tmp_path, ledger=ledger, jobs=[job], attempts=attempts).status is Status.MET
