"""Judges a run: every check, whatever the others say; repeatable at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slo_reports.checks.afterlife import check_afterlife
from slo_reports.checks.authenticity import check_authenticity
from slo_reports.checks.campaigns import check_campaigns
from slo_reports.checks.completeness import check_completeness, check_deadline, check_failures
from slo_reports.checks.content import check_content
from slo_reports.checks.duplicates import check_duplicates
from slo_reports.checks.evidence import check_fold
from slo_reports.checks.faults import check_faults
from slo_reports.checks.load import check_load
from slo_reports.checks.quiescence import check_quiescence
from slo_reports.checks.rate import check_limit, check_use
from slo_reports.checks.reconciliation import check_intents, check_ledger
from slo_reports.checks.recovery import check_full_rate, check_recovery
from slo_reports.checks.retries import check_retries
from slo_reports.checks.secrets import check_secrets
from slo_reports.checks.transitions import check_transitions
from slo_reports.checks.webhook import check_freshness, check_latency
from slo_reports.run_folder import UnreadableRunError
from slo_reports.tables import Run

if TYPE_CHECKING:
    from slo_reports.checks.check import Check
    from slo_reports.run_folder import RunFolder
    from slo_reports.verdict import Verdict

OBJECTIVES: Final[tuple[Check, ...]] = (
    check_deadline,
    check_failures,
    check_latency,
    check_freshness,
    check_load,
    check_full_rate,
    check_use,
)
INVARIANTS: Final[tuple[Check, ...]] = (
    check_duplicates,
    check_ledger,
    check_completeness,
    check_transitions,
    check_fold,
    check_authenticity,
    check_intents,
    check_afterlife,
    check_limit,
    check_retries,
    check_recovery,
    check_campaigns,
    check_content,
    check_quiescence,
    check_secrets,
    check_faults,
)
CHECKS: Final = (*OBJECTIVES, *INVARIANTS)


def judge(folder: RunFolder) -> list[Verdict]:
    """A verdict for every check; all are unknown when run.json can't be read."""
    try:
        with Run(folder) as run:
            return judge_run(run)
    except UnreadableRunError as exc:
        return [check.unknown(str(exc)) for check in CHECKS]


def judge_run(run: Run) -> list[Verdict]:
    """A verdict for every check of a run that is open already."""
    return [check(run) for check in CHECKS]
