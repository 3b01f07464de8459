"""I9: nothing is accepted for a job that has ended, nor for a user who was suppressed before the claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, zero_tolerance
from slo_reports.checks.lifecycle import ENDS, quoted
from slo_reports.checks.reconciliation import GRANULARITY_S
from slo_reports.run_folder import JOBS, LEDGER, TRANSITIONS

if TYPE_CHECKING:
    from slo_reports.tables import Run

COMMIT_S: Final = 1.0
"""A suppression carries the time of its statement; until its commit, at most this later, no claim can see it."""

_AFTER_END: Final = f"""
SELECT l.job_id, l.received_at - e.ended_at AS late_s
FROM ledger l JOIN (
    SELECT job_id, min("at") AS ended_at FROM transitions WHERE to_status IN ({quoted(ENDS)}) GROUP BY job_id
) e ON e.job_id = l.job_id
WHERE l.kind = 'accepted' AND l.received_at > e.ended_at + {GRANULARITY_S}
"""  # noqa: S608  # words of our own

# The claim looks whether its user is suppressed; a suppression that had not been committed then could not be seen.
_SUPPRESSED: Final = f"""
SELECT l.job_id, max(t."at") - any_value(j.suppressed_at) AS late_s
FROM ledger l
JOIN jobs j ON j.job_id = l.job_id
JOIN transitions t ON t.job_id = l.job_id AND t.happening = 'claimed' AND t."at" <= l.received_at
WHERE l.kind = 'accepted' AND j.suppressed_at < l.received_at
GROUP BY l.seq, l.job_id HAVING late_s > {COMMIT_S}
"""  # noqa: S608  # words of our own


@invariant(
    "I9",
    "nothing_after_terminal",
    promise="No mail is accepted after its job has ended, nor for a user who was suppressed before the claim.",
    sources=(LEDGER, TRANSITIONS, JOBS),
)
def check_afterlife(run: Run) -> Finding:
    """Compares the provider's receipt with the job's first end, and the claim with the suppression."""
    uses = (LEDGER, TRANSITIONS, JOBS)
    (mails,) = run.one("SELECT count(*) FROM ledger WHERE kind = 'accepted'", uses=uses)
    ended = run.rows(f"SELECT *, count(*) OVER () FROM ({_AFTER_END}) LIMIT 25", uses=uses)  # noqa: S608  # same
    suppressed = run.rows(f"SELECT *, count(*) OVER () FROM ({_SUPPRESSED}) LIMIT 25", uses=uses)  # noqa: S608  # same
    after_end, after_suppression = (rows[0][-1] if rows else 0 for rows in (ended, suppressed))
    return zero_tolerance(
        found=after_end + after_suppression,
        n=mails,
        unit="mails after an end",
        says=f"of {mails:,} mails {after_end:,} came after their job's end, {after_suppression:,} after a suppression",
        evidence=[
            *(f"job {job}: accepted {late_s:.3f} s after its end" for job, late_s, _ in ended),
            *(f"job {job}: claimed {late_s:.3f} s after its user's suppression" for job, late_s, _ in suppressed),
        ],
    )
