"""X1 to X3: a fault cost no more than its experiment said beforehand, the rest was done in time, and at full rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo_reports.checks.check import Finding, invariant, objective, unknown
from slo_reports.expected import FACT, expected_of
from slo_reports.fault_windows import fault_windows
from slo_reports.recovery import recoveries
from slo_reports.run_folder import HISTORY, JOBS, LEDGER, RUN
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from slo_reports.tables import Run


@invariant(
    "X1",
    "losses_as_expected",
    promise="No more jobs failed, and of no more is it unknown whether they were accepted, than the fault explains.",
    sources=(RUN, JOBS),
)
def check_losses(run: Run) -> Finding:
    """Counts final states against the experiment's bounds."""
    expected = expected_of(run)
    if expected is None:
        return unknown("the run is no experiment, so nothing was expected of it")
    failed, indeterminate = run.one(
        "SELECT count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'indeterminate') FROM jobs",
        uses=(JOBS,),
    )
    says = (
        f"{failed:,} failed ({expected.failed:,} allowed), "
        f"{indeterminate:,} indeterminate ({expected.indeterminate:,} allowed)"
    )
    wrong = failed > expected.failed or indeterminate > expected.indeterminate
    measure = Measure(
        value=float(failed + indeterminate),
        unit="mails",
        objective=f"≤ {expected.failed + expected.indeterminate:,}",
        threshold=float(expected.failed + expected.indeterminate),
        method="jobs that ended failed or indeterminate; a census, so there is no interval",
    )
    rows = run.rows(
        "SELECT job_id, status, reason FROM jobs WHERE status IN ('failed', 'indeterminate') ORDER BY job_id LIMIT 50",
        uses=(JOBS,),
    )
    evidence = tuple(f"job {job} {status}: {reason}" for job, status, reason in rows) if wrong else ()
    return Finding(status=Status.MISSED if wrong else Status.MET, says=says, measure=measure, evidence=evidence)


@invariant(
    "X2",
    "ended_in_time",
    promise="The backlog is drained and every job has ended within the time that the experiment allows after healing.",
    sources=(RUN, HISTORY),
)
def check_end(run: Run) -> Finding:
    """From the end of the last healing, or from the campaign's start, to the end of the last job."""
    limit_s = float(run.fact(FACT, "ended_within_s"))
    started_at, ended_at = run.one(
        """SELECT min("at") FILTER (WHERE f = 'start_campaign' AND type = 'ok'),
                  min("at") FILTER (WHERE f = 'campaign_ended' AND type = 'ok') FROM history""",
        uses=(HISTORY,),
    )
    if ended_at is None:
        return Finding(status=Status.MISSED, says="the campaign did not end", evidence=(str(run.facts.get("reason")),))
    healed = [window.healed_at for window in fault_windows(run) if window.healed_at is not None]
    took_s = max(0.0, ended_at - max([started_at, *healed]))
    measure = Measure(
        value=took_s,
        unit="s",
        objective=f"≤ {limit_s:g} s",
        threshold=limit_s,
        n=1,
        method="from the end of healing to the end of the last job",
    )
    status = Status.MET if took_s <= limit_s else Status.MISSED
    return Finding(status=status, says=f"{took_s:.1f} s after healing, {limit_s:g} s allowed", measure=measure)


@objective(
    "X3",
    "full_rate_again",
    promise="After healing the full rate comes back as soon as the experiment says; what counts as full is 95 % of the "
    "limit, or 90 % of what the control run reached.",
    sources=(RUN, HISTORY, LEDGER),
)
def check_rate(run: Run) -> Finding:
    """After each fault that left enough mails to fill five seconds; an objective, since it depends on the machine."""
    expected = expected_of(run)
    if expected is None or expected.full_rate_s is None:
        return Finding(status=Status.MET, says="the rate is not judged here")
    limit_s = expected.full_rate_s
    limit = float(run.fact("campaign", "mails_per_s"))
    judged = [recovery for recovery in recoveries(run, limit=limit, of_all=True) if recovery.enough_left]
    if not judged:
        return Finding(status=Status.MET, says="too few mails were left to judge the rate")
    slow = [one for one in judged if one.full_rate_s is None or one.full_rate_s > limit_s]
    told = "; ".join(
        f"{'never' if one.full_rate_s is None else f'{one.full_rate_s:.1f} s'} after {one.fault}, best 5 s in time "
        f"{one.best_rate:.1f} mails/s"
        for one in judged
    )
    return Finding(status=Status.MISSED if slow else Status.MET, says=f"full rate {told}; {limit_s:g} s allowed")
