"""I3, I4 and S1: every user ends in one explained state, few of them in failure, and in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.checks.check import Finding, invariant, objective, unknown
from slo_reports.checks.lifecycle import ENDS, FAILURES, REASONED, quoted
from slo_reports.intervals import rule_of_three, wilson
from slo_reports.run_folder import CAMPAIGNS, JOBS, LEDGER, RUN, TRANSITIONS
from slo_reports.verdict import Measure, Status

if TYPE_CHECKING:
    from slo_reports.tables import Run

FAILURE_BUDGET: Final = 0.005
COMPLETION_OBJECTIVE: Final = 0.995

_WRONG: Final = f"""
SELECT job_id, user_id, CASE
    WHEN status NOT IN ({quoted(ENDS)}) THEN 'is ' || status
    WHEN status IN ({quoted(REASONED)}) AND coalesce(reason, '') = '' THEN 'is ' || status || ' without a reason'
    WHEN count(*) OVER (PARTITION BY user_id) > 1 THEN 'is one of several of its user'
END AS wrong
FROM jobs QUALIFY wrong IS NOT NULL
"""  # noqa: S608  # words of our own

_ENDED: Final = f"""
WITH started AS (SELECT min(created_at) AS at FROM campaigns WHERE campaign_id = ?),
ends AS (
    SELECT job_id, min("at") AS ended_at FROM transitions WHERE to_status IN ({quoted(ENDS)}) GROUP BY job_id
)
SELECT count(*) FILTER (WHERE coalesce(ends.ended_at, j.created_at) <= started.at + ?),
       max(coalesce(ends.ended_at, j.created_at)) - any_value(started.at)
FROM jobs j LEFT JOIN ends ON ends.job_id = j.job_id, started
WHERE j.status IN ({quoted(ENDS)})
"""  # noqa: S608  # words of our own


@invariant(
    "I3",
    "total_and_explained",
    promise="Every user of the frozen audience has exactly one job, and it ended in a state that says why.",
    sources=(RUN, JOBS),
)
def check_completeness(run: Run) -> Finding:
    """Counts jobs against the audience as it was frozen."""
    audience = run.fact("campaign", "audience_users")
    states = run.rows("SELECT status, count(*) AS n FROM jobs GROUP BY status ORDER BY n DESC, status", uses=(JOBS,))
    if not states:
        return unknown("there are no jobs")
    jobs = sum(count for _, count in states)
    (users,) = run.one("SELECT count(DISTINCT user_id) FROM jobs", uses=(JOBS,))
    (wrong,) = run.one(f"SELECT count(*) FROM ({_WRONG})", uses=(JOBS,))  # noqa: S608  # same
    evidence = [f"job {job} of user {user} {what}" for job, user, what in run.rows(f"{_WRONG} LIMIT 49", uses=(JOBS,))]
    missing = abs(audience - users)
    if missing:
        evidence.insert(0, f"{users:,} users have a job, the audience had {audience:,}")
    shown = ", ".join(f"{count:,} {status}" for status, count in states)
    found = wrong + missing
    measure = Measure(
        value=found / max(audience, jobs),
        unit="share",
        objective="no user unexplained",
        threshold=0.0,
        interval=wilson(min(found, jobs), jobs) if found else rule_of_three(jobs),
        n=audience,
        method=f"{found:,} users without exactly one explained end; {'Wilson' if found else '3/N'}, 95 %",
    )
    status = Status.MISSED if found else Status.MET
    return Finding(status=status, says=f"{audience:,} users: {shown}", measure=measure, evidence=tuple(evidence))


@objective(
    "I4",
    "final_failure_budget",
    promise="Less than 0.5 % of the users who should get a mail end failed or indeterminate (SLO final-failures).",
    sources=(JOBS, LEDGER),
)
def check_failures(run: Run) -> Finding:
    """A census of all jobs: the interval is for whoever wants to generalise from this run."""
    eligible, failed = run.one(
        f"SELECT count(*), count(*) FILTER (WHERE status IN ({quoted(FAILURES)})) FROM jobs WHERE status != 'skipped'",  # noqa: S608  # same
        uses=(JOBS,),
    )
    if not eligible:
        return unknown("there are no jobs that should have got a mail")
    share = failed / eligible
    status = Status.MET if share < FAILURE_BUDGET else Status.MISSED
    says = f"{failed:,} of {eligible:,} eligible failed ({share:.2%}, budget {FAILURE_BUDGET:.1%}){_rejections(run)}"
    some = run.rows(
        f"SELECT job_id, status, reason FROM jobs WHERE status IN ({quoted(FAILURES)}) ORDER BY job_id LIMIT 50",  # noqa: S608  # same
        uses=(JOBS,),
    )
    measure = Measure(
        value=share,
        unit="share",
        objective=f"< {FAILURE_BUDGET:.1%}",
        threshold=FAILURE_BUDGET,
        interval=wilson(failed, eligible),
        n=eligible,
        method="failed and indeterminate of all that were not skipped; Wilson, 95 %",
        budget_left=1 - share / FAILURE_BUDGET,
    )
    evidence = tuple(f"job {job} is {state}: {reason}" for job, state, reason in some)
    return Finding(status=status, says=says, measure=measure, evidence=evidence)


def _rejections(run: Run) -> str:
    """Apart from the failures, because one rejection may be followed by an acceptance."""
    rows: list[Any] = run.rows(
        "SELECT status, count(*) FROM ledger WHERE kind = 'rejected' GROUP BY status ORDER BY status", uses=(LEDGER,)
    )
    listed = ", ".join(f"{count:,} with {status}" for status, count in rows)
    return f"; the provider rejected {listed}" if rows else "; the provider rejected none"


@objective(
    "S1",
    "weekly-completion",
    promise="At least 99.5 % of the audience has reached an end within the deadline of the mode (2 h in full).",
    sources=(RUN, JOBS, TRANSITIONS, CAMPAIGNS),
)
def check_deadline(run: Run) -> Finding:
    """From the campaign's creation to each job's first end; an acceptance is one."""
    audience, deadline_s = run.fact("campaign", "audience_users"), float(run.fact("mode", "deadline_s"))
    uses = (JOBS, TRANSITIONS, CAMPAIGNS)
    in_time, longest_s = run.one(_ENDED, [run.fact("campaign", "id"), deadline_s], uses=uses)
    if longest_s is None or not audience:
        return unknown("no job has ended, or the campaign's start is not known")
    share = min(1.0, in_time / audience)
    full = run.fact("mode", "kind") == "full"
    scope = "" if full else " (compressed: says nothing of 100,000 users in 2 h)"
    measure = Measure(
        value=share,
        unit="share",
        objective=f"≥ {COMPLETION_OBJECTIVE:.1%} within {deadline_s:,.0f} s",
        threshold=COMPLETION_OBJECTIVE,
        interval=wilson(min(in_time, audience), audience),
        n=audience,
        method="users whose job ended within the deadline; Wilson, 95 %",
        budget_left=1 - (1 - share) / (1 - COMPLETION_OBJECTIVE),
    )
    says = (
        f"{in_time:,} of {audience:,} users ended within {deadline_s:,.0f} s, the last after {longest_s:,.1f} s{scope}"
    )
    status = Status.MET if share >= COMPLETION_OBJECTIVE else Status.MISSED
    return Finding(status=status, says=says, measure=measure)
