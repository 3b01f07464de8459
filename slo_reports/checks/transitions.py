"""I5: every step of every job is one that the specification allows, and each begins where the last one ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, zero_tolerance
from slo_reports.checks.lifecycle import EDGES, FIRST
from slo_reports.run_folder import JOBS, TRANSITIONS

if TYPE_CHECKING:
    from slo_reports.tables import Run

_ALLOWED: Final = ", ".join(f"('{source}', '{what}', '{target}')" for source, what, target in sorted(EDGES))

_STRANGE: Final = f"""
SELECT job_id, seq, from_status, happening, to_status FROM transitions
WHERE (from_status, happening, to_status) NOT IN ({_ALLOWED})
"""  # noqa: S608  # words of our own

_BROKEN: Final = f"""
SELECT job_id, seq, from_status,
       coalesce(lag(to_status) OVER (PARTITION BY job_id ORDER BY seq), '{FIRST}') AS stood
FROM transitions QUALIFY from_status != stood
"""  # noqa: S608  # words of our own

_ASTRAY: Final = f"""
SELECT j.job_id, j.status, coalesce(last.status, '{FIRST}') AS stood
FROM jobs j LEFT JOIN (SELECT job_id, arg_max(to_status, seq) AS status FROM transitions GROUP BY job_id) AS last
    ON last.job_id = j.job_id
WHERE j.status != stood AND NOT (j.status = 'skipped' AND last.status IS NULL)
"""  # noqa: S608  # words of our own


@invariant(
    "I5",
    "evidence_never_regresses",
    promise="Every job takes only allowed steps, each from where the last one ended; evidence only moves it onwards.",
    sources=(TRANSITIONS, JOBS),
)
def check_transitions(run: Run) -> Finding:
    """The whole log of steps, not just the final states; a job skipped when it was written has no step."""
    uses = (TRANSITIONS, JOBS)
    (steps,) = run.one("SELECT count(*) FROM transitions", uses=uses)
    strange = run.rows(f"SELECT *, count(*) OVER () FROM ({_STRANGE}) ORDER BY seq LIMIT 50", uses=uses)  # noqa: S608  # same
    broken = run.rows(f"SELECT *, count(*) OVER () FROM ({_BROKEN}) ORDER BY seq LIMIT 50", uses=uses)  # noqa: S608  # same
    astray = run.rows(f"SELECT *, count(*) OVER () FROM ({_ASTRAY}) ORDER BY job_id LIMIT 50", uses=uses)  # noqa: S608  # same
    counts = [rows[0][-1] if rows else 0 for rows in (strange, broken, astray)]
    evidence = [
        *(
            f"job {job} step {seq}: {source} ─{what}→ {target} is not allowed"
            for job, seq, source, what, target, _ in strange
        ),
        *(
            f"job {job} step {seq}: begins at {source}, the job stood at {stood}"
            for job, seq, source, stood, _ in broken
        ),
        *(f"job {job} is {status}, its steps end at {stood}" for job, status, stood, _ in astray),
    ]
    return zero_tolerance(
        found=sum(counts),
        n=steps,
        unit="steps that the specification forbids",
        says=f"{steps:,} steps: {counts[0]:,} not allowed, {counts[1]:,} out of chain, {counts[2]:,} jobs elsewhere",
        evidence=evidence,
        stands=bool(counts[0]),
    )
