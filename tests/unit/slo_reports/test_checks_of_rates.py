"""Checks that look at rates: the limit, its use, and the budget of retries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from literal_run import START, a_mail, an_attempt, an_outage, facts, mails, verdict_of

from slo_reports.checks.rate import check_limit, check_use
from slo_reports.checks.retries import check_retries
from slo_reports.verdict import Status

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("count", "status"), [(100, Status.MET), (101, Status.MISSED)])
def test_the_limit_is_judged_in_any_rolling_second(tmp_path: Path, count: int, status: Status) -> None:
    ledger = mails(1, count, begins=0.5, gap_s=0.0099)
    assert verdict_of(check_limit, tmp_path, ledger=ledger).status is status


@pytest.mark.parametrize(("later_s", "peak"), [(0.0, 2.0), (0.999999, 2.0), (1.0, 1.0)])
def test_a_second_later_is_another_window(tmp_path: Path, later_s: float, peak: float) -> None:
    verdict = verdict_of(check_limit, tmp_path, ledger=[a_mail(1, at=5.0), a_mail(2, at=5.0 + later_s)])
    assert verdict.measure is not None
    assert verdict.measure.value == peak


def test_what_was_rejected_used_the_limit_too(tmp_path: Path) -> None:
    ledger = [a_mail(n, at=5 + n / 1000, kind="rejected" if n % 2 else "accepted") for n in range(101)]
    assert verdict_of(check_limit, tmp_path, ledger=ledger).status is Status.MISSED


def test_a_full_second_names_its_beginning(tmp_path: Path) -> None:
    verdict = verdict_of(check_limit, tmp_path, ledger=mails(1, 101, begins=1.0, gap_s=0.001))
    assert verdict.evidence == ("101 mails in the second from 1795250001.000000",)


def test_without_a_limit_nothing_is_judged(tmp_path: Path) -> None:
    unlimited = facts(campaign={"id": 1, "mails_per_s": None})
    verdict = verdict_of(check_limit, tmp_path, run_facts=unlimited, ledger=[a_mail(1)])
    assert verdict.status is Status.UNKNOWN
    assert "has no campaign.mails_per_s" in verdict.says


@pytest.mark.parametrize(
    ("kind", "gap_s", "status"),
    [
        ("full", 0.0100, Status.MET),
        ("full", 0.0102, Status.MET),
        ("full", 0.0103, Status.MISSED),
        ("compressed", 0.0105, Status.MET),
        ("compressed", 0.0106, Status.MISSED),
    ],
)
def test_slow_sending_misses_the_use_of_the_limit(tmp_path: Path, kind: str, gap_s: float, status: Status) -> None:
    sized = facts(mode={"kind": kind, "users": 300, "outage_s": 20, "deadline_s": 144})
    ledger = mails(1, 300, begins=1, gap_s=gap_s)
    assert verdict_of(check_use, tmp_path, run_facts=sized, ledger=ledger).status is status


def test_mails_of_the_first_seconds_after_an_outage_are_not_asked_for_the_full_rate(tmp_path: Path) -> None:
    ledger = mails(1, 200, begins=1) + mails(201, 5, begins=24, gap_s=0.5) + mails(301, 200, begins=28.5)
    verdict = verdict_of(check_use, tmp_path, ledger=ledger, history=an_outage(3.0, 23.0))
    assert verdict.status is Status.MET


def test_an_outage_is_not_held_against_the_use_of_the_limit(tmp_path: Path) -> None:
    ledger = mails(1, 200, begins=1) + mails(201, 200, begins=28.5)
    verdict = verdict_of(check_use, tmp_path, ledger=ledger, history=an_outage(3.0, 23.0))
    assert verdict.status is Status.MET
    assert "first to last mail took 29.5 s" in verdict.says


def test_a_pause_that_no_fault_explains_is_held_against_it(tmp_path: Path) -> None:
    ledger = mails(1, 200, begins=1) + mails(201, 200, begins=24.5)
    assert verdict_of(check_use, tmp_path, ledger=ledger).status is Status.MISSED


def test_a_handful_of_mails_has_no_rate(tmp_path: Path) -> None:
    assert verdict_of(check_use, tmp_path, ledger=[a_mail(1), a_mail(2, at=10.01)]).status is Status.UNKNOWN


@pytest.mark.parametrize(("rejected", "status"), [(1, Status.MET), (2, Status.MISSED)])
def test_requests_stay_within_a_tenth_above_the_mails(tmp_path: Path, rejected: int, status: Status) -> None:
    ledger = [a_mail(n) for n in range(10)] + [a_mail(100 + n, kind="rejected") for n in range(rejected)]
    assert verdict_of(check_retries, tmp_path, ledger=ledger).status is status


@pytest.mark.parametrize(("tries", "status"), [(20, Status.MET), (21, Status.MISSED)])
def test_no_job_is_tried_more_often_than_the_setting_allows(tmp_path: Path, tries: int, status: Status) -> None:
    attempts = [an_attempt(1, attempt=n, attempt_id=f"a1-{n}") for n in range(tries)]
    assert verdict_of(check_retries, tmp_path, ledger=[a_mail(1)], attempts=attempts).status is status


@pytest.mark.parametrize("settings", [{"STEADYPOST_MAX_ATTEMPTS": "2"}, {"max_attempts": 2}])
def test_the_recorded_setting_goes_before_the_default(tmp_path: Path, settings: dict[str, object]) -> None:
    attempts = [an_attempt(1, attempt=n, attempt_id=f"a1-{n}") for n in range(3)]
    recorded = facts(settings=settings)
    verdict = verdict_of(check_retries, tmp_path, run_facts=recorded, ledger=[a_mail(1)], attempts=attempts)
    assert verdict.evidence == ("job 1: 3 attempts, 2 allowed",)


@pytest.mark.parametrize(("tries", "status"), [(75, Status.MET), (76, Status.MISSED)])
def test_an_outage_gets_probes_and_what_was_on_its_way(tmp_path: Path, tries: int, status: Status) -> None:
    attempts = [an_attempt(n, at=5.0 + n / 100) for n in range(tries)]
    verdict = verdict_of(check_retries, tmp_path, ledger=[a_mail(1)], attempts=attempts, history=an_outage(5.0, 15.0))
    assert verdict.status is status


@pytest.mark.parametrize(
    ("at", "status"),
    [(10.9, Status.MET), (12.0, Status.MISSED), (15.9, Status.MISSED), (16.1, Status.MET)],
    ids=["on its way", "early", "just too early", "when it was allowed"],
)
def test_a_mail_before_the_time_that_a_429_named_breaks_the_limit(tmp_path: Path, at: float, status: Status) -> None:
    refused = a_mail(1, at=10.0, kind="rejected", status=429, retry_at=START + 16)
    assert verdict_of(check_limit, tmp_path, ledger=[refused, a_mail(2, at=at)]).status is status


def test_an_early_mail_is_named_with_the_pause_that_it_did_not_keep(tmp_path: Path) -> None:
    refused = a_mail(1, at=10.0, kind="rejected", status=429, retry_at=START + 16)
    verdict = verdict_of(check_limit, tmp_path, ledger=[refused, a_mail(2, at=12.5)])
    assert verdict.evidence == ("mail 2 came 2.5 s after a 429 that had asked to wait 6.0 s",)


def test_an_absurd_pause_binds_only_as_long_as_it_is_believed(tmp_path: Path) -> None:
    refused = a_mail(1, at=10.0, kind="rejected", status=429, retry_at=START + 315_360_000)
    believed = facts(settings={"retry_after_max_s": 5.0})
    verdict = verdict_of(check_limit, tmp_path, run_facts=believed, ledger=[refused, a_mail(2, at=15.1)])
    assert verdict.status is Status.MET
