"""What an experiment expected of its fault, held against what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from literal_run import a_job, a_mail, an_attempt, an_operation, an_outage, facts, mails, verdict_of, write

from loadtests.synthetic_suite import a_suite, an_experiment
from slo_reports.checks.expectations import check_end, check_losses, check_rate
from slo_reports.checks.quiescence import check_quiescence
from slo_reports.checks.rate import check_limit
from slo_reports.checks.recovery import check_recovery
from slo_reports.trials.conclusion import suite_exit_code
from slo_reports.trials.trial import Outcome, judge_trial
from slo_reports.verdict import Status

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

EXPECTED = {
    "failed": 0,
    "indeterminate": 2,
    "first_accept_s": 5.0,
    "full_rate_s": None,
    "operator_actions": 0,
    "bunched_mails": 0,
    "unacked": 0,
}
STARTED = an_operation(0, "harness", "ok", "start_campaign")
ENDED = an_operation(50, "harness", "ok", "campaign_ended")
FAULT = an_outage(10, 30, fault="F10")


def experiment(*, users: int = 1, **changes: Any) -> dict[str, Any]:
    return facts(
        users=users, experiment={"ended_within_s": 25.0, "invariants": ["I1"], "expected": {**EXPECTED, **changes}}
    )


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["delivered", "delivered"], Status.MET),
        (["indeterminate", "indeterminate"], Status.MET),
        (["indeterminate"] * 3, Status.MISSED),
        (["failed", "delivered"], Status.MISSED),
    ],
)
def test_a_fault_may_cost_what_was_said_beforehand(tmp_path: Path, states: list[str], status: Status) -> None:
    jobs = [a_job(number, state, "why") for number, state in enumerate(states, start=1)]
    verdict = verdict_of(check_losses, tmp_path, jobs=jobs, run_facts=experiment())
    assert verdict.status is status
    assert bool(verdict.evidence) is (status is Status.MISSED)


def test_of_a_run_that_is_no_experiment_nothing_was_expected(tmp_path: Path) -> None:
    assert verdict_of(check_losses, tmp_path, jobs=[a_job(1)]).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ([STARTED, *FAULT, ENDED], Status.MET),
        ([STARTED, *FAULT, an_operation(56, "harness", "ok", "campaign_ended")], Status.MISSED),
        ([STARTED, *FAULT], Status.MISSED),
        ([STARTED, an_operation(24, "harness", "ok", "campaign_ended")], Status.MET),
        ([STARTED, an_operation(26, "harness", "ok", "campaign_ended")], Status.MISSED),
    ],
    ids=["in time", "too late", "never", "without a fault", "without a fault, too late"],
)
def test_the_backlog_is_drained_in_the_time_that_the_experiment_allows(
    tmp_path: Path, history: list[dict[str, Any]], status: Status
) -> None:
    assert verdict_of(check_end, tmp_path, history=history, run_facts=experiment()).status is status


@pytest.mark.parametrize(("first_at", "status"), [(34.9, Status.MET), (35.1, Status.MISSED)])
def test_every_fault_of_an_experiment_has_a_recovery(tmp_path: Path, first_at: float, status: Status) -> None:
    ledger = [a_mail(1, at=5.0), a_mail(2, at=first_at)]
    verdict = verdict_of(
        check_recovery, tmp_path, history=FAULT, ledger=ledger, jobs=[a_job(1)], run_facts=experiment()
    )
    assert verdict.status is status


def test_mails_after_the_next_fault_are_no_recovery_from_the_one_before(tmp_path: Path) -> None:
    history = [*FAULT, *an_outage(40, 50, fault="F10")]
    ledger = [a_mail(1, at=5.0), a_mail(2, at=51.0)]
    verdict = verdict_of(
        check_recovery, tmp_path, history=history, ledger=ledger, jobs=[a_job(1)], run_facts=experiment()
    )
    assert verdict.status is Status.MET
    assert "first mail never, full rate never after F10" in verdict.says


@pytest.mark.parametrize(("allowed", "status"), [(0, Status.MISSED), (1, Status.MET)])
def test_an_operator_may_do_what_the_experiment_asks_of_him(tmp_path: Path, allowed: int, status: Status) -> None:
    resumed = an_operation(31, "operator", "invoke", "resume")
    verdict = verdict_of(
        check_recovery,
        tmp_path,
        history=[*FAULT, resumed],
        ledger=[a_mail(1, at=31.5)],
        jobs=[a_job(1)],
        run_facts=experiment(operator_actions=allowed),
    )
    assert verdict.status is status


@pytest.mark.parametrize(("unacked", "status"), [(4, Status.MET), (5, Status.MISSED)])
def test_a_killed_worker_may_leave_the_messages_that_it_held(tmp_path: Path, unacked: int, status: Status) -> None:
    run_facts = experiment(unacked=4)
    run_facts["quiescence"] = {**run_facts["quiescence"], "unacked": unacked}
    assert verdict_of(check_quiescence, tmp_path, history=FAULT, run_facts=run_facts).status is status


@pytest.mark.parametrize(("bunched", "status"), [(0, Status.MISSED), (5, Status.MET)])
def test_a_proxy_may_bunch_as_many_mails_as_were_said(tmp_path: Path, bunched: int, status: Status) -> None:
    ledger = mails(1, 105, begins=10.0, gap_s=0.005)
    assert (
        verdict_of(check_limit, tmp_path, ledger=ledger, run_facts=experiment(bunched_mails=bunched)).status is status
    )


def test_an_experiment_is_held_broken_or_inconclusive_by_what_it_asks_for(tmp_path: Path) -> None:
    twice = [a_mail(1, at=10.0), a_mail(1, at=10.5, seq=2)]
    sent = {"history": [STARTED, *FAULT, ENDED], "jobs": [a_job(1)], "attempts": [an_attempt(1)]}
    unsent = {"history": [STARTED, *FAULT, ENDED], "jobs": [a_job(1, "skipped", "why")]}
    held = write(tmp_path / "held", ledger=[a_mail(1)], run_facts=experiment(), **sent)
    broken = write(tmp_path / "broken", ledger=twice, run_facts=experiment(), **sent)
    unknown = write(tmp_path / "unknown", run_facts=experiment(), **unsent)
    assert judge_trial(held).outcome is Outcome.HELD
    assert judge_trial(broken).outcome is Outcome.BROKEN
    assert "I1" in judge_trial(broken).reason
    assert judge_trial(unknown).outcome is Outcome.INCONCLUSIVE


def test_a_run_that_can_not_be_read_proves_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", run_facts=facts())
    assert judge_trial(folder).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("gap_s", "control", "status"),
    [
        (0.01, None, Status.MET),
        (0.0125, None, Status.MISSED),
        (0.0125, 85.0, Status.MET),
        (0.0125, 99.0, Status.MISSED),
    ],
    ids=["at the limit", "80 a second", "80 a second beside 85", "80 a second beside 99"],
)
def test_the_full_rate_is_that_of_the_limit_or_nearly_that_of_the_control_run(
    tmp_path: Path, gap_s: float, control: float | None, status: Status
) -> None:
    run_facts = {**experiment(full_rate_s=5.0), "control": {"mails_per_s": control}}
    ledger = mails(1, 1_000, begins=31.0, gap_s=gap_s)
    assert verdict_of(check_rate, tmp_path, history=FAULT, ledger=ledger, run_facts=run_facts).status is status


def test_a_late_full_rate_is_slow_and_breaks_nothing(tmp_path: Path) -> None:
    facts_ = experiment(users=600, full_rate_s=5.0)
    jobs = [a_job(number) for number in range(1, 601)]
    attempts = [an_attempt(number, at=9.9) for number in range(1, 601)]
    history = [STARTED, *FAULT, ENDED]
    ledger = mails(1, 600, begins=31.0, gap_s=0.02)
    trial = judge_trial(write(tmp_path, history=history, ledger=ledger, jobs=jobs, attempts=attempts, run_facts=facts_))
    assert trial.outcome is Outcome.SLOW
    assert "X3 full_rate_again" in trial.reason


def test_a_suite_that_was_only_slow_exits_with_one() -> None:
    assert suite_exit_code(a_suite(an_experiment("a"), an_experiment("b", outcome="slow"))) == 1
    assert suite_exit_code(a_suite(an_experiment("a", outcome="broken"), an_experiment("b", outcome="slow"))) == 2
