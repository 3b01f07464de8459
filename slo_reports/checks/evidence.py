"""I6: a job's delivery state is what the set of its events proves, in whatever order and number they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, unknown, zero_tolerance
from slo_reports.checks.lifecycle import ACCEPTANCES, PROOFS, quoted
from slo_reports.run_folder import ATTEMPTS, EVENTS, JOBS

if TYPE_CHECKING:
    from slo_reports.tables import Run

_RANK: Final = " ".join(f"WHEN '{kind}' THEN {ACCEPTANCES.index(proof) + 1}" for kind, proof in PROOFS.items())
_STATES: Final = quoted(ACCEPTANCES)

_FOLDED: Final = f"""
WITH proofs AS (
    SELECT job_id, max(CASE kind {_RANK} ELSE 1 END) AS rank FROM events GROUP BY job_id
), answers AS (
    SELECT DISTINCT job_id FROM attempts WHERE outcome = 'accepted'
)
SELECT j.job_id, j.status, coalesce(p.rank, CASE WHEN a.job_id IS NOT NULL THEN 1 ELSE 0 END) AS strength,
       CASE WHEN strength > 0 THEN [{_STATES}][strength] END AS proven,
       list_position([{_STATES}], j.status) AS stands
FROM jobs j LEFT JOIN proofs p ON p.job_id = j.job_id LEFT JOIN answers a ON a.job_id = j.job_id
"""  # noqa: S608  # words of our own

# What the deadline has settled stays settled: evidence that came later is counted apart.
_WRONG: Final = f"SELECT * FROM ({_FOLDED}) WHERE proven IS DISTINCT FROM CASE WHEN stands > 0 THEN status END"  # noqa: S608  # same


@invariant(
    "I6",
    "webhook_fold_is_order_free",
    promise="Each job's delivery state is the strongest that the set of its events proves, in any order.",
    sources=(EVENTS, JOBS, ATTEMPTS),
)
def check_fold(run: Run) -> Finding:
    """Recomputes every job from its events and the provider's answer, and compares."""
    uses = (EVENTS, JOBS, ATTEMPTS)
    proven, wrong, late = run.one(
        f"""SELECT (SELECT count(*) FROM ({_FOLDED}) WHERE strength > 0),
                   count(*) FILTER (WHERE status != 'indeterminate'),
                   count(*) FILTER (WHERE status = 'indeterminate') FROM ({_WRONG})""",  # noqa: S608  # same
        uses=uses,
    )
    (events,) = run.one("SELECT count(*) FROM events", uses=uses)
    if not events:
        return unknown("no webhook event was applied")
    some = run.rows(
        f"SELECT job_id, status, proven FROM ({_WRONG}) WHERE status != 'indeterminate' LIMIT 50",  # noqa: S608  # same
        uses=uses,
    )
    says = f"{events:,} events and the provider's answers prove {proven:,} jobs; {wrong:,} stand elsewhere"
    return zero_tolerance(
        found=wrong,
        n=proven,
        unit="jobs whose state is not what their events prove",
        says=says + (f"; {late:,} indeterminate jobs got evidence after their deadline" if late else ""),
        evidence=(f"job {job} is {status}, proven is {state or 'nothing'}" for job, status, state in some),
        stands=False,
    )
