"""Checks that look at every job: its end, its time, its steps, and what its events prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from literal_run import START, a_job, a_mail, a_step, an_attempt, an_event, facts, steps, verdict_of

from slo_reports.checks.completeness import check_completeness, check_deadline, check_failures
from slo_reports.checks.evidence import check_fold
from slo_reports.checks.lifecycle import ACCEPTANCES, EDGES, ENDS, FAILURES, PROOFS, REASONED
from slo_reports.checks.transitions import check_transitions
from slo_reports.verdict import Status
from system import states

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

CAMPAIGN = {"campaign_id": 1, "newsletter": "weekly", "week_key": "2026-W47", "created_at": START}


def test_every_user_with_one_explained_end_is_met(tmp_path: Path) -> None:
    jobs = [a_job(1), a_job(2, "skipped", "no address"), a_job(3, "indeterminate", "no evidence")]
    assert verdict_of(check_completeness, tmp_path, run_facts=facts(users=3), jobs=jobs).status is Status.MET


@pytest.mark.parametrize(
    ("jobs", "evidence"),
    [
        ([a_job(1), a_job(2, "ready")], "job 2 of user 2 is ready"),
        ([a_job(1), a_job(2, "unknown", "timeout")], "job 2 of user 2 is unknown"),
        ([a_job(1), a_job(2, "skipped")], "job 2 of user 2 is skipped without a reason"),
        ([a_job(1), a_job(2, "bounced", "")], "job 2 of user 2 is bounced without a reason"),
        ([a_job(1)], "1 users have a job, the audience had 2"),
        ([a_job(1), a_job(2), a_job(3)], "3 users have a job, the audience had 2"),
    ],
    ids=["unfinished", "unknown", "unexplained", "empty reason", "forgotten", "uninvited"],
)
def test_every_user_needs_one_explained_end(tmp_path: Path, jobs: list[dict[str, Any]], evidence: str) -> None:
    verdict = verdict_of(check_completeness, tmp_path, run_facts=facts(users=2), jobs=jobs)
    assert verdict.status is Status.MISSED
    assert verdict.evidence == (evidence,)


def test_two_jobs_of_one_user_are_found(tmp_path: Path) -> None:
    jobs = [a_job(1), a_job(2, user_id=1)]
    verdict = verdict_of(check_completeness, tmp_path, run_facts=facts(users=1), jobs=jobs)
    assert sorted(verdict.evidence) == [
        "job 1 of user 1 is one of several of its user",
        "job 2 of user 1 is one of several of its user",
    ]


@pytest.mark.parametrize(("failed", "status"), [(0, Status.MET), (4, Status.MET), (5, Status.MISSED)])
def test_failures_stay_below_half_a_percent(tmp_path: Path, failed: int, status: Status) -> None:
    jobs = [a_job(n, "failed", "x") if n <= failed else a_job(n) for n in range(1, 1001)]
    verdict = verdict_of(check_failures, tmp_path, jobs=[*jobs, a_job(1001, "skipped", "no address")])
    assert verdict.status is status
    assert verdict.measure is not None
    assert verdict.measure.n == 1000
    assert verdict.measure.budget_left == pytest.approx(1 - failed / 5)


def test_indeterminate_jobs_count_as_failures_and_rejections_are_listed_apart(tmp_path: Path) -> None:
    ledger = [a_mail(1, kind="rejected", status=400), a_mail(2, kind="rejected", status=429)]
    verdict = verdict_of(check_failures, tmp_path, jobs=[a_job(1, "indeterminate", "no evidence")], ledger=ledger)
    assert verdict.status is Status.MISSED
    assert verdict.evidence == ("job 1 is indeterminate: no evidence",)
    assert "rejected 1 with 400, 1 with 429" in verdict.says


@pytest.mark.parametrize(("late", "status"), [(0, Status.MET), (1, Status.MET), (2, Status.MISSED)])
def test_995_of_1000_users_end_in_time(tmp_path: Path, late: int, status: Status) -> None:
    jobs = [a_job(n) for n in range(1, 201)]
    transitions = [
        a_step(n, "answer_accepted", "sending", "accepted", job=n, at=144.1 if n <= late else 144.0)
        for n in range(1, 201)
    ]
    verdict = verdict_of(
        check_deadline,
        tmp_path,
        run_facts=facts(users=200),
        jobs=jobs,
        transitions=transitions,
        campaigns=[CAMPAIGN],
    )
    assert verdict.status is status


def test_a_job_skipped_when_it_was_written_ended_then(tmp_path: Path) -> None:
    jobs = [a_job(1, "skipped", "no address", created_at=START + 2)]
    verdict = verdict_of(check_deadline, tmp_path, jobs=jobs, campaigns=[CAMPAIGN])
    assert verdict.status is Status.MET
    assert "the last after 2.0 s" in verdict.says


def test_a_job_that_is_still_in_work_is_late(tmp_path: Path) -> None:
    jobs = [a_job(1), a_job(2, "ready")]
    verdict = verdict_of(
        check_deadline, tmp_path, run_facts=facts(users=2), jobs=jobs, transitions=steps(), campaigns=[CAMPAIGN]
    )
    assert verdict.status is Status.MISSED


def test_the_usual_steps_are_met(tmp_path: Path) -> None:
    jobs = [a_job(1), a_job(2), a_job(3, "skipped", "no address")]
    verdict = verdict_of(check_transitions, tmp_path, jobs=jobs, transitions=[*steps(1), *steps(2)])
    assert verdict.status is Status.MET


def test_a_delivered_mail_that_becomes_accepted_again_is_found(tmp_path: Path) -> None:
    back = a_step(16, "evidence_accepted", "delivered", "accepted")
    verdict = verdict_of(check_transitions, tmp_path, jobs=[a_job(1, "accepted")], transitions=[*steps(), back])
    assert verdict.status is Status.MISSED
    assert verdict.evidence == ("job 1 step 16: delivered ─evidence_accepted→ accepted is not allowed",)


def test_a_missing_step_is_found(tmp_path: Path) -> None:
    first, _, *rest = steps()
    verdict = verdict_of(check_transitions, tmp_path, jobs=[a_job(1)], transitions=[first, *rest])
    assert verdict.evidence == ("job 1 step 13: begins at claimed, the job stood at ready",)


def test_a_state_that_no_step_led_to_is_found(tmp_path: Path) -> None:
    verdict = verdict_of(check_transitions, tmp_path, jobs=[a_job(1, "bounced", "550")], transitions=steps())
    assert verdict.evidence == ("job 1 is bounced, its steps end at delivered",)


def test_the_specification_is_the_products_table() -> None:
    assert {(str(a), str(b), str(c)) for (a, b), c in states.TRANSITIONS.items()} == EDGES
    assert set(ENDS) == {str(state) for state in states.JobState} - {str(state) for state in states.IN_WORK}
    assert set(ACCEPTANCES) == {str(state) for state in states.SENT}
    assert set(FAILURES) == {str(state) for state in states.FAILURES}
    assert set(REASONED) == {str(state) for state in states.REASONED}


def test_events_prove_what_the_product_takes_them_for() -> None:
    proofs = {str(kind): str(what).removeprefix("evidence_") for kind, what in states.EVIDENCE.items()}
    assert {kind: PROOFS.get(kind, "accepted") for kind in proofs} == proofs
    assert [str(what).removeprefix("evidence_") for what in states.EVIDENCE_ORDER] == list(ACCEPTANCES)


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("delivered", ["delivered", "processed"]),
        ("delivered", ["open", "delivered", "delivered"]),
        ("bounced", ["bounce", "delivered"]),
        ("dropped", ["bounce", "dropped"]),
        ("accepted", ["open", "click", "deferred"]),
        ("accepted", []),
    ],
)
def test_the_strongest_event_decides(tmp_path: Path, status: str, kinds: list[str]) -> None:
    events = [an_event(1, kind, sg_event_id=f"e{n}") for n, kind in enumerate(kinds)] + [an_event(2)]
    verdict = verdict_of(
        check_fold, tmp_path, jobs=[a_job(1, status), a_job(2)], events=events, attempts=[an_attempt(1), an_attempt(2)]
    )
    assert verdict.status is Status.MET


@pytest.mark.parametrize(
    ("status", "kind", "evidence"),
    [
        ("delivered", "bounce", "job 1 is delivered, proven is bounced"),
        ("delivered", "open", "job 1 is delivered, proven is accepted"),
        ("accepted", "delivered", "job 1 is accepted, proven is delivered"),
        ("failed", "processed", "job 1 is failed, proven is accepted"),
    ],
)
def test_a_state_that_events_do_not_prove_is_found(tmp_path: Path, status: str, kind: str, evidence: str) -> None:
    verdict = verdict_of(check_fold, tmp_path, jobs=[a_job(1, status, "x")], events=[an_event(1, kind)])
    assert verdict.status is Status.MISSED
    assert verdict.evidence == (evidence,)


def test_a_delivery_without_any_event_is_found(tmp_path: Path) -> None:
    verdict = verdict_of(
        check_fold, tmp_path, jobs=[a_job(1), a_job(2)], events=[an_event(2)], attempts=[an_attempt(1), an_attempt(2)]
    )
    assert verdict.evidence == ("job 1 is delivered, proven is accepted",)


def test_evidence_after_the_deadline_is_counted_apart(tmp_path: Path) -> None:
    jobs = [a_job(1), a_job(2, "indeterminate", "no evidence")]
    verdict = verdict_of(check_fold, tmp_path, jobs=jobs, events=[an_event(1), an_event(2)])
    assert verdict.status is Status.MET
    assert "1 indeterminate jobs got evidence after their deadline" in verdict.says
