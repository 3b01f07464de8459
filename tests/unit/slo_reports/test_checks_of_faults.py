"""Checks that look at faults: whether they bit, how the system came back, what they left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from literal_run import START, a_job, a_mail, a_sample, an_operation, an_outage, facts, mails, verdict_of, write

from slo_reports.checks.faults import check_faults
from slo_reports.checks.quiescence import check_quiescence
from slo_reports.checks.recovery import check_full_rate, check_recovery
from slo_reports.fault_windows import fault_windows
from slo_reports.tables import Run
from slo_reports.verdict import Status

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

OUTAGE = an_outage(10, 30)


def test_every_injection_has_a_window_of_its_own(tmp_path: Path) -> None:
    with Run(write(tmp_path, history=[*an_outage(10, 30), *an_outage(50, 60, observed=1)])) as run:
        windows = fault_windows(run)
    assert [(w.injected_at - START, (w.healed_at or 0) - START, w.observed) for w in windows] == [
        (10, 30, 3),
        (50, 60, 1),
    ]


def test_what_is_seen_after_healing_is_no_effect(tmp_path: Path) -> None:
    inject, effect, invoke, heal = OUTAGE
    late = {**effect, "at": START + 40}
    with Run(write(tmp_path, history=[inject, invoke, heal, late])) as run:
        assert fault_windows(run)[0].observed == 0


def test_an_outage_that_was_seen_and_let_nothing_through_is_met(tmp_path: Path) -> None:
    ledger = [a_mail(1, at=9.99), a_mail(2, at=30.0)]
    assert verdict_of(check_faults, tmp_path, history=OUTAGE, ledger=ledger).status is Status.MET


@pytest.mark.parametrize(
    ("history", "ledger", "says"),
    [
        ([], [], "no fault was injected"),
        (an_outage(10, 30, observed=0), [], "no effect was seen"),
        (OUTAGE[:2], [], "never healed"),
        (OUTAGE, [a_mail(1, at=20.0)], "accepted 1 mails while it was away"),
    ],
    ids=["none", "toothless", "not healed", "leaky"],
)
def test_a_fault_that_did_not_happen_proves_nothing(
    tmp_path: Path, history: list[dict[str, Any]], ledger: list[dict[str, Any]], says: str
) -> None:
    verdict = verdict_of(check_faults, tmp_path, history=history, ledger=ledger)
    assert verdict.status is Status.UNKNOWN
    assert says in verdict.says


def test_other_faults_may_let_mails_through(tmp_path: Path) -> None:
    history = an_outage(10, 30, fault="F07")
    assert verdict_of(check_faults, tmp_path, history=history, ledger=[a_mail(1, at=20.0)]).status is Status.MET


@pytest.mark.parametrize(("first", "status"), [(33.0, Status.MET), (33.1, Status.MISSED)])
def test_the_first_mail_comes_within_three_seconds(tmp_path: Path, first: float, status: Status) -> None:
    ledger = mails(1, 600, begins=first)
    verdict = verdict_of(check_recovery, tmp_path, history=OUTAGE, ledger=ledger, jobs=[a_job(1)])
    assert verdict.status is status


@pytest.mark.parametrize(("trickle_s", "status"), [(5.0, Status.MET), (6.0, Status.MISSED)])
def test_the_full_rate_comes_within_five_seconds(tmp_path: Path, trickle_s: float, status: Status) -> None:
    slow = mails(1, int(trickle_s * 10), begins=30.0, gap_s=0.1)
    ledger = slow + mails(200, 600, begins=30.0 + trickle_s)
    for check in (check_recovery, check_full_rate):
        (tmp_path / check.id).mkdir()
        verdict = verdict_of(check, tmp_path / check.id, history=OUTAGE, ledger=ledger, jobs=[a_job(1)])
        assert verdict.status is status


@pytest.mark.parametrize(("gap_s", "status"), [(0.0105, Status.MET), (0.0107, Status.MISSED)])
def test_full_means_95_percent_of_the_limit(tmp_path: Path, gap_s: float, status: Status) -> None:
    ledger = mails(1, 1_000, begins=31.0, gap_s=gap_s)
    assert verdict_of(check_full_rate, tmp_path, history=OUTAGE, ledger=ledger).status is status


def test_a_rate_needs_enough_mails_to_be_left(tmp_path: Path) -> None:
    verdict = verdict_of(check_full_rate, tmp_path, history=OUTAGE, ledger=mails(1, 499, begins=31.0))
    assert verdict.status is Status.UNKNOWN
    assert "too few mails were left" in verdict.says


@pytest.mark.parametrize("check", [check_recovery, check_full_rate], ids=lambda check: check.id)
def test_without_an_outage_nothing_is_shown_about_recovery(tmp_path: Path, check: Any) -> None:
    assert verdict_of(check, tmp_path, ledger=[a_mail(1)], jobs=[a_job(1)]).status is Status.UNKNOWN


def test_an_operator_is_not_needed(tmp_path: Path) -> None:
    history = [*OUTAGE, an_operation(40, "operator", "ok", "resume_campaign")]
    verdict = verdict_of(check_recovery, tmp_path, history=history, ledger=mails(1, 600, begins=31), jobs=[a_job(1)])
    assert verdict.status is Status.MISSED
    assert verdict.evidence == (f"an operator did resume_campaign at {START + 40:.3f}",)


@pytest.mark.parametrize(
    ("job", "evidence"),
    [
        (a_job(1, "sending"), "job 1 is still sending, and nothing will move it"),
        (a_job(1, "sending", lease_until=START + 100), "job 1 is still sending"),
        (a_job(1, "ready", next_attempt_at=START + 100), "job 1 is still ready"),
    ],
    ids=["stuck", "leased", "waiting"],
)
def test_every_job_ends(tmp_path: Path, job: dict[str, Any], evidence: str) -> None:
    verdict = verdict_of(check_recovery, tmp_path, history=OUTAGE, ledger=mails(1, 600, begins=31), jobs=[job])
    assert verdict.status is Status.MISSED
    assert verdict.evidence == (evidence,)


def samples(*, fds: int, rss_mb: float = 100, seconds: int = 60) -> list[dict[str, Any]]:
    """Forty descriptors and 100 MB until the fault, then as given."""
    return [
        a_sample(t, fds=40 if t < 10 else fds, rss_mb=100 if t < 10 else rss_mb, processes=2) for t in range(seconds)
    ]


@pytest.mark.parametrize(("fds", "status"), [(40, Status.MET), (54, Status.MET), (55, Status.MISSED)])
def test_descriptors_must_not_grow(tmp_path: Path, fds: int, status: Status) -> None:
    assert verdict_of(check_quiescence, tmp_path, history=OUTAGE, processes=samples(fds=fds)).status is status


@pytest.mark.parametrize(("rss_mb", "status"), [(150, Status.MET), (151, Status.MISSED)])
def test_memory_must_not_grow_in_a_long_run(tmp_path: Path, rss_mb: float, status: Status) -> None:
    long = samples(fds=40, rss_mb=rss_mb, seconds=301)
    assert verdict_of(check_quiescence, tmp_path, history=OUTAGE, processes=long).status is status


def test_memory_may_warm_up_in_a_short_run_which_says_so(tmp_path: Path) -> None:
    verdict = verdict_of(check_quiescence, tmp_path, history=OUTAGE, processes=samples(fds=40, rss_mb=900))
    assert verdict.status is Status.MET
    assert "memory is not judged in a run under 5 min" in verdict.says


@pytest.mark.parametrize(
    ("left", "evidence"),
    [
        ({"queues": {"emails": 3}}, "queue emails: 3"),
        ({"unacked": 1}, "unacked messages: 1"),
        ({"idle_in_transaction": 2}, "transactions idle: 2"),
        ({"waiting_inbox": 4}, "posts not applied: 4"),
    ],
)
def test_whatever_is_left_over_is_found(tmp_path: Path, left: dict[str, Any], evidence: str) -> None:
    quiet = {"queues": {"emails": 0}, "unacked": None, "idle_in_transaction": 0, "waiting_inbox": 0}
    verdict = verdict_of(
        check_quiescence,
        tmp_path,
        run_facts=facts(quiescence={**quiet, **left}),
        history=OUTAGE,
        processes=samples(fds=40),
    )
    assert verdict.status is Status.MISSED
    assert verdict.evidence == (evidence,)


def test_growth_can_not_be_judged_without_samples_before_a_fault(tmp_path: Path) -> None:
    assert verdict_of(check_quiescence, tmp_path, processes=samples(fds=40)).status is Status.UNKNOWN


@pytest.mark.parametrize(("connections", "status"), [(27, Status.MET), (28, Status.MISSED)])
def test_connections_must_not_grow(tmp_path: Path, connections: int, status: Status) -> None:
    seconds = [{"at": START + t, "jobs": {}, "connections": 20 if t < 10 else connections} for t in range(60)]
    verdict = verdict_of(check_quiescence, tmp_path, history=OUTAGE, processes=samples(fds=40), samples=seconds)
    assert verdict.status is status
