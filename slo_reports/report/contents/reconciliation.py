"""The provider's ledger against the database: ghosts, phantoms, duplicates and unknowns, with their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports import run_folder
from slo_reports.report.contents.verdicts import MAX_IDS

if TYPE_CHECKING:
    from slo_reports.tables import Run

_SENT: Final = "('accepted', 'delivered', 'bounced', 'dropped')"
_RECEIPTS: Final = (
    "receipts AS (SELECT job_id, any_value(message_id) AS message_id, count(*) AS mails FROM ledger "
    "WHERE kind = 'accepted' AND ($1::BIGINT IS NULL OR campaign_id = $1) GROUP BY job_id)"
)
_BOTH: Final = (run_folder.LEDGER, run_folder.JOBS)


def reconciliation_of(run: Run) -> dict[str, Any]:
    """Counts on both sides, and each kind of difference with up to 50 job ids."""
    receipts, mails, jobs, sent, agreed = run.one(
        f"WITH {_RECEIPTS} SELECT (SELECT count(*) FROM receipts), "  # noqa: S608  # fragments of our own
        "(SELECT coalesce(sum(mails), 0)::BIGINT FROM receipts), (SELECT count(*) FROM jobs), "
        f"(SELECT count(*) FROM jobs WHERE status IN {_SENT}), "
        f"(SELECT count(*) FROM jobs JOIN receipts USING (job_id) WHERE status IN {_SENT})",
        _campaign(run),
        uses=_BOTH,
    )
    return {
        "mails_accepted": mails,
        "jobs_accepted": receipts,
        "jobs": jobs,
        "jobs_sent": sent,
        "agreed": agreed,
        "differences": [_difference(run, **difference) for difference in _DIFFERENCES],
        "endings": _endings(run),
    }


def _difference(run: Run, *, name: str, means: str, found: str) -> dict[str, Any]:
    rows = run.rows(
        f"WITH {_RECEIPTS}, found AS ({found}) "  # noqa: S608  # fragments of our own
        f"SELECT id, (SELECT count(*) FROM found) FROM found ORDER BY id LIMIT {MAX_IDS}",
        _campaign(run),
        uses=_BOTH,
    )
    return {"name": name, "means": means, "count": rows[0][1] if rows else 0, "ids": [f"job {row[0]}" for row in rows]}


def _endings(run: Run) -> list[dict[str, Any]]:
    rows = run.rows(
        "SELECT status, coalesce(reason, ''), count(*) AS jobs FROM jobs GROUP BY ALL ORDER BY jobs DESC, status",
        uses=[run_folder.JOBS],
    )
    return [{"status": status, "reason": reason, "jobs": jobs} for status, reason, jobs in rows]


def _campaign(run: Run) -> list[int | None]:
    return [(run.facts.get("campaign") or {}).get("id")]


_DIFFERENCES: Final = (
    {
        "name": "ghost",
        "means": "accepted by the provider, not known as sent in the database",
        "found": f"SELECT r.job_id AS id FROM receipts r LEFT JOIN jobs j USING (job_id) "  # noqa: S608  # fragments of our own
        f"WHERE j.job_id IS NULL OR j.status NOT IN {_SENT}",
    },
    {
        "name": "phantom",
        "means": "sent according to the database, never accepted by the provider",
        "found": f"SELECT j.job_id AS id FROM jobs j ANTI JOIN receipts r USING (job_id) WHERE j.status IN {_SENT}",  # noqa: S608  # fragments of our own
    },
    {
        "name": "duplicate",
        "means": "accepted by the provider more than once",
        "found": "SELECT job_id AS id FROM receipts WHERE mails > 1",
    },
    {
        "name": "unknown",
        "means": "nobody knows whether the provider accepted it: unknown or indeterminate at the end",
        "found": "SELECT job_id AS id FROM jobs WHERE status IN ('unknown', 'indeterminate')",
    },
)
