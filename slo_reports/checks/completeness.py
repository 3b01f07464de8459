"""I3 and I4: every user of the audience has one explained end, and few of them are failures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from slo_reports import run_folder
from slo_reports.verdict import Kind, Status, Verdict

if TYPE_CHECKING:
    from slo_reports.run_folder import RunFolder

ENDS = frozenset({"accepted", "delivered", "bounced", "dropped", "failed", "skipped", "indeterminate"})
REASONED = frozenset({"bounced", "dropped", "failed", "skipped", "indeterminate"})
FAILURES = frozenset({"failed", "indeterminate"})
FAILURE_BUDGET = 0.005


def check_completeness(run: RunFolder) -> Verdict:
    """One job for each user of the frozen audience, in an end state that says why."""
    audience = run.facts()["audience_users"]
    jobs = list(run.lines(run_folder.JOBS))
    users = Counter(job["user_id"] for job in jobs)
    wrong = [f"user {user} has {count} jobs" for user, count in users.items() if count > 1]
    wrong += [f"job {job['job_id']} is {job['status']}" for job in jobs if job["status"] not in ENDS]
    wrong += [f"job {job['job_id']} gives no reason" for job in jobs if job["status"] in REASONED and not job["reason"]]
    if len(users) != audience:
        wrong.append(f"{len(users):,} users have a job, the audience had {audience:,}")
    states = Counter(job["status"] for job in jobs)
    shown = ", ".join(f"{count:,} {status}" for status, count in states.most_common())
    return Verdict(
        id="I3",
        name="total_and_explained",
        kind=Kind.INVARIANT,
        status=Status.UNKNOWN if not jobs else Status.MISSED if wrong else Status.MET,
        says=f"{audience:,} users: {shown}",
        evidence=tuple(wrong[:50]),
    )


def check_failures(run: RunFolder) -> Verdict:
    """Failed and indeterminate jobs as a share of those that should have got a mail."""
    jobs = [job for job in run.lines(run_folder.JOBS) if job["status"] != "skipped"]
    failed = [f"job {job['job_id']}: {job['reason']}" for job in jobs if job["status"] in FAILURES]
    share = len(failed) / len(jobs) if jobs else 1.0
    return Verdict(
        id="I4",
        name="final_failure_budget",
        kind=Kind.OBJECTIVE,
        status=Status.UNKNOWN if not jobs else Status.MET if share < FAILURE_BUDGET else Status.MISSED,
        says=f"{len(failed)} of {len(jobs):,} eligible ({share:.2%}, budget {FAILURE_BUDGET:.1%})",
        evidence=tuple(failed[:50]),
    )
