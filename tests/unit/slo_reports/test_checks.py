"""Every check against literal runs: empty, sane, and broken in the one way that it exists to find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from slo_reports import run_folder
from slo_reports.checks.completeness import check_completeness, check_failures
from slo_reports.checks.duplicates import check_duplicates
from slo_reports.checks.rate import check_limit, check_use, peak_per_rolling_second
from slo_reports.checks.reconciliation import check_intents, check_ledger
from slo_reports.judge import judge
from slo_reports.run_folder import RunFolder
from slo_reports.verdict import ExitCode, Kind, Status, Verdict, exit_code

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

INTENT_AT = "2026-11-16T09:00:00+00:00"


def mail(job: int, *, at: float = 0.0, user: int | None = None) -> dict[str, Any]:
    ids = {"campaign_id": "1", "user_id": str(user or job), "job_id": str(job), "attempt_id": f"a{job}"}
    return {"seq": job, "kind": "accepted", "received_at": 1_794_819_601.0 + at, "custom_args": ids}


def a_job(job: int, status: str = "delivered", reason: str | None = None) -> dict[str, Any]:
    return {"job_id": job, "user_id": job, "status": status, "reason": reason}


def an_attempt(job: int, *, intent_at: str = INTENT_AT) -> dict[str, Any]:
    return {"attempt_id": f"a{job}", "job_id": job, "intent_at": intent_at}


def a_run(
    path: Path,
    *,
    ledger: list[dict[str, Any]],
    jobs: list[dict[str, Any]],
    attempts: list[dict[str, Any]] | None = None,
    audience: int | None = None,
) -> RunFolder:
    run = RunFolder(path / "run")
    run.write_facts(
        {"mails_per_s": 100.0, "audience_users": audience if audience is not None else len(jobs), "finished": "yes"}
    )
    run.write_lines(run_folder.LEDGER, ledger)
    run.write_lines(run_folder.JOBS, jobs)
    run.write_lines(run_folder.ATTEMPTS, attempts if attempts is not None else [an_attempt(j["job_id"]) for j in jobs])
    return run


def sane(path: Path) -> RunFolder:
    return a_run(
        path,
        ledger=[mail(job, at=job * 0.0101) for job in range(1, 301)],
        jobs=[*(a_job(job) for job in range(1, 301)), a_job(301, "skipped", "no address")],
    )


def test_a_sane_run_is_met(tmp_path: Path) -> None:
    verdicts = judge(sane(tmp_path))
    assert [v.status for v in verdicts] == [Status.MET] * len(verdicts)
    assert exit_code(verdicts) is ExitCode.MET


def test_an_empty_run_is_inconclusive(tmp_path: Path) -> None:
    assert exit_code(judge(a_run(tmp_path, ledger=[], jobs=[]))) is ExitCode.INCONCLUSIVE


def test_a_run_that_did_not_finish_is_inconclusive(tmp_path: Path) -> None:
    run = sane(tmp_path)
    facts = run.facts()
    del facts["finished"]
    run.write_facts(facts)
    assert exit_code(judge(run)) is ExitCode.INCONCLUSIVE


def test_a_cut_off_ledger_is_inconclusive_and_names_the_line(tmp_path: Path) -> None:
    run = sane(tmp_path)
    ledger = run.path / run_folder.LEDGER
    ledger.write_text(ledger.read_text()[:-20])
    verdicts = judge(run)
    assert exit_code(verdicts) is ExitCode.INCONCLUSIVE
    assert any("line 300" in v.says for v in verdicts)


def test_another_version_is_inconclusive(tmp_path: Path) -> None:
    run = sane(tmp_path)
    (run.path / run_folder.RUN).write_text('{"schema": "steadypost-run/99"}')
    assert exit_code(judge(run)) is ExitCode.INCONCLUSIVE


def test_a_second_mail_for_one_user_is_found(tmp_path: Path) -> None:
    run = a_run(tmp_path, ledger=[mail(1, user=7), mail(2, user=7)], jobs=[a_job(1), a_job(2)])
    verdict = check_duplicates(run)
    assert verdict.status is Status.MISSED
    assert verdict.evidence == ("campaign 1 user 7",)


def test_a_ghost_and_a_phantom_are_told_apart(tmp_path: Path) -> None:
    verdict = check_ledger(a_run(tmp_path, ledger=[mail(1)], jobs=[a_job(1, "failed", "x"), a_job(2)]))
    assert verdict.status is Status.MISSED
    assert verdict.evidence == ("ghost job 1", "phantom job 2")


@pytest.mark.parametrize(
    ("attempts", "status"),
    [
        ([an_attempt(1)], Status.MET),
        ([], Status.MISSED),
        ([an_attempt(1, intent_at="2026-11-16T09:00:01.5+00:00")], Status.MISSED),
    ],
)
def test_a_mail_needs_an_intent_that_is_older(tmp_path: Path, attempts: list[dict[str, Any]], status: Status) -> None:
    assert check_intents(a_run(tmp_path, ledger=[mail(1)], jobs=[a_job(1)], attempts=attempts)).status is status


@pytest.mark.parametrize(
    ("jobs", "audience"),
    [
        ([a_job(1), a_job(2, "ready")], 2),
        ([a_job(1), a_job(2, "unknown", "timeout")], 2),
        ([a_job(1), a_job(2, "skipped", None)], 2),
        ([a_job(1)], 2),
        ([a_job(1), {**a_job(2), "user_id": 1}], 2),
    ],
    ids=["unfinished", "unknown", "unexplained", "forgotten", "twice"],
)
def test_every_user_needs_one_explained_end(tmp_path: Path, jobs: list[dict[str, Any]], audience: int) -> None:
    assert check_completeness(a_run(tmp_path, ledger=[mail(1)], jobs=jobs, audience=audience)).status is Status.MISSED


@pytest.mark.parametrize(("failed", "status"), [(0, Status.MET), (4, Status.MET), (5, Status.MISSED)])
def test_failures_stay_below_half_a_percent(tmp_path: Path, failed: int, status: Status) -> None:
    jobs = [a_job(n, "failed", "x") if n <= failed else a_job(n) for n in range(1, 1001)]
    assert check_failures(a_run(tmp_path, ledger=[mail(1)], jobs=jobs)).status is status


@pytest.mark.parametrize(("mails", "status"), [(100, Status.MET), (101, Status.MISSED)])
def test_the_limit_is_judged_in_any_rolling_second(tmp_path: Path, mails: int, status: Status) -> None:
    ledger = [mail(n, at=0.5 + n * 0.00999) for n in range(mails)]
    assert check_limit(a_run(tmp_path, ledger=ledger, jobs=[a_job(1)])).status is status


def test_a_second_later_is_another_window() -> None:
    assert peak_per_rolling_second([0.0, 1.0]) == 1
    assert peak_per_rolling_second([0.0, 0.999]) == 2


def test_slow_sending_misses_the_use_of_the_limit(tmp_path: Path) -> None:
    ledger = [mail(n, at=n * 0.0104) for n in range(300)]
    assert check_use(a_run(tmp_path, ledger=ledger, jobs=[a_job(1)])).status is Status.MISSED


def verdict(kind: Kind, status: Status) -> Verdict:
    return Verdict(id="x", name="x", kind=kind, status=status, says="")


def test_violated_goes_before_missed_before_inconclusive_before_met() -> None:
    met = verdict(Kind.INVARIANT, Status.MET)
    unknown = verdict(Kind.INVARIANT, Status.UNKNOWN)
    missed = verdict(Kind.OBJECTIVE, Status.MISSED)
    violated = verdict(Kind.INVARIANT, Status.MISSED)
    assert exit_code([met]) is ExitCode.MET
    assert exit_code([met, unknown]) is ExitCode.INCONCLUSIVE
    assert exit_code([met, unknown, missed]) is ExitCode.MISSED
    assert exit_code([met, unknown, missed, violated]) is ExitCode.VIOLATED
    assert exit_code([]) is ExitCode.INCONCLUSIVE
