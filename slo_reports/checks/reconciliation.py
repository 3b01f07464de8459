"""I2 and I8: what the provider accepted is what the database says, and every mail had its intent first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.check import Finding, invariant, unknown, zero_tolerance
from slo_reports.checks.lifecycle import ACCEPTANCES, quoted
from slo_reports.run_folder import ATTEMPTS, JOBS, LEDGER

if TYPE_CHECKING:
    from slo_reports.tables import Run

GRANULARITY_S: Final = 0.001
"""Kernel receipt times and the database's clock are read on one machine, and agree within this."""

_APART: Final = f"""
WITH accepted AS (SELECT DISTINCT job_id FROM ledger WHERE kind = 'accepted'),
believed AS (SELECT job_id FROM jobs WHERE status IN ({quoted(ACCEPTANCES)}))
SELECT coalesce(a.job_id, b.job_id) AS job_id, b.job_id IS NULL AS ghost, a.job_id IS NULL AS phantom
FROM accepted a FULL JOIN believed b ON a.job_id = b.job_id
"""  # noqa: S608  # words of our own

_LATE: Final = """
SELECT l.job_id, l.attempt_id, l.received_at, a.intent_at
FROM ledger l LEFT JOIN attempts a ON a.attempt_id = l.attempt_id AND a.job_id = l.job_id
WHERE l.kind = 'accepted' AND (a.intent_at IS NULL OR a.intent_at > l.received_at + ?)
"""


@invariant(
    "I2",
    "ledger_reconciles",
    promise="What the provider accepted and what the database calls sent are the same mails.",
    sources=(LEDGER, JOBS),
)
def check_ledger(run: Run) -> Finding:
    """Ghosts were accepted but the database does not know; phantoms only the database believes in."""
    uses = (LEDGER, JOBS)
    mails, ghosts, phantoms = run.one(
        f"SELECT count(*), count(*) FILTER (WHERE ghost), count(*) FILTER (WHERE phantom) FROM ({_APART})",  # noqa: S608  # same
        uses=uses,
    )
    some = run.rows(
        f"SELECT job_id, ghost FROM ({_APART}) WHERE ghost OR phantom ORDER BY phantom, job_id LIMIT 50",  # noqa: S608  # same
        uses=uses,
    )
    return zero_tolerance(
        found=ghosts + phantoms,
        n=mails,
        unit="mails that only one side knows",
        says=f"provider {mails - phantoms:,}, database {mails - ghosts:,}: {ghosts:,} ghosts, {phantoms:,} phantoms",
        evidence=(f"{'ghost' if ghost else 'phantom'} job {job}" for job, ghost in some),
        stands=False,
    )


@invariant(
    "I8",
    "intent_before_bytes",
    promise="Every accepted mail carries an attempt whose intent was committed before the mail arrived.",
    sources=(LEDGER, ATTEMPTS),
)
def check_intents(run: Run) -> Finding:
    """Compares the kernel's receipt time at the provider with the intent's time in the database."""
    uses = (LEDGER, ATTEMPTS)
    (mails,) = run.one("SELECT count(*) FROM ledger WHERE kind = 'accepted'", uses=uses)
    if not mails:
        return unknown("the provider accepted no mail")
    nameless, late = run.one(
        f"SELECT count(*) FILTER (WHERE intent_at IS NULL), count(intent_at) FROM ({_LATE})",  # noqa: S608  # same
        [GRANULARITY_S],
        uses=uses,
    )
    some = run.rows(f"{_LATE} ORDER BY l.received_at LIMIT 50", [GRANULARITY_S], uses=uses)
    return zero_tolerance(
        found=nameless + late,
        n=mails,
        unit="mails without an earlier intent",
        says=f"of {mails:,} mails {nameless:,} carry no known attempt, {late:,} came before their intent",
        evidence=(_late_mail(*row) for row in some),
        stands=late > 0,
    )


def _late_mail(job_id: int | None, attempt_id: str | None, received_at: float, intent_at: float | None) -> str:
    if intent_at is None:
        return f"job {job_id}, attempt {attempt_id}: unknown"
    return f"job {job_id}, attempt {attempt_id}: {(intent_at - received_at) * 1000:.1f} ms before its intent"
