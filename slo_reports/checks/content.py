"""I14: each mail holds what was recommended to its own user, and went to that user's own address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, zero_tolerance
from slo_reports.run_folder import ATTEMPTS, JOBS, LEDGER

if TYPE_CHECKING:
    from slo_reports.tables import Run

HASH_DIGITS: Final = 8
"""Of the SHA-256 that a mail carries, the recording keeps these."""

# Python's repr of (user_id, [product_ids], 'model_version'), as the mail's fingerprint is made.
_EXPECTED: Final = f"""
SELECT job_id, user_id, recipient, left(sha256(
    concat('(', user_id, ', [', array_to_string(product_ids, ', '), '], ''', model_version, ''')')
), {HASH_DIGITS}) AS content
FROM jobs
"""  # noqa: S608  # words of our own

_NO_JOB: Final = "belongs to no job"
_WRONG: Final = f"""
SELECT l.job_id, CASE
    WHEN j.job_id IS NULL THEN '{_NO_JOB}'
    WHEN l.user_id IS DISTINCT FROM j.user_id THEN 'names another user'
    WHEN l.recipient IS DISTINCT FROM j.recipient THEN 'went to another address'
    WHEN left(l.content_hash, {HASH_DIGITS}) IS DISTINCT FROM j.content THEN 'holds other recommendations'
    WHEN a.attempt_id IS NOT NULL AND left(a.content_hash, {HASH_DIGITS}) IS DISTINCT FROM j.content
        THEN 'has another content in its intent'
END AS wrong
FROM ledger l
LEFT JOIN ({_EXPECTED}) j ON j.job_id = l.job_id
LEFT JOIN attempts a ON a.attempt_id = l.attempt_id
WHERE l.kind = 'accepted' AND wrong IS NOT NULL
"""  # noqa: S608  # words of our own


@invariant(
    "I14",
    "right_content_to_right_user",
    promise="Every mail carries the recommendations of its own user, and went to that user's address.",
    sources=(LEDGER, JOBS, ATTEMPTS),
)
def check_content(run: Run) -> Finding:
    """Recomputes every mail's fingerprint from its job and compares it with the provider's and the intent's."""
    uses = (LEDGER, JOBS, ATTEMPTS)
    (mails,) = run.one("SELECT count(*) FROM ledger WHERE kind = 'accepted'", uses=uses)
    some = run.rows(f"SELECT *, count(*) OVER () FROM ({_WRONG}) ORDER BY job_id LIMIT 50", uses=uses)  # noqa: S608  # same
    wrong = some[0][-1] if some else 0
    (misdirected,) = run.one(f"SELECT count(*) FROM ({_WRONG}) WHERE wrong != '{_NO_JOB}'", uses=uses)  # noqa: S608  # same
    return zero_tolerance(
        found=wrong,
        n=mails,
        unit="mails with something of another user",
        says=f"{wrong:,} of {mails:,} mails don't carry what their own job holds",
        evidence=(f"the mail of job {job} {what}" for job, what, _ in some),
        stands=misdirected > 0,
    )
