"""Judges a run folder: every check, whatever the others say; repeatable at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo_reports.checks.completeness import check_completeness, check_failures
from slo_reports.checks.duplicates import check_duplicates
from slo_reports.checks.rate import check_limit, check_use
from slo_reports.checks.reconciliation import check_intents, check_ledger
from slo_reports.verdict import Kind, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from slo_reports.run_folder import RunFolder

CHECKS: tuple[Callable[[RunFolder], Verdict], ...] = (
    check_duplicates,
    check_ledger,
    check_completeness,
    check_failures,
    check_intents,
    check_limit,
    check_use,
)


def judge(run: RunFolder) -> list[Verdict]:
    """A verdict for every check; a check that raises is unknown."""
    return [_guarded(check, run) for check in CHECKS]


def _guarded(check: Callable[[RunFolder], Verdict], run: RunFolder) -> Verdict:
    try:
        if "finished" not in run.facts():
            return _unknown(check, "the run did not finish")
        return check(run)
    except Exception as exc:  # noqa: BLE001  # whatever breaks a check, the run is not proven
        return _unknown(check, f"{type(exc).__name__}: {exc}")


def _unknown(check: Callable[[RunFolder], Verdict], why: str) -> Verdict:
    name = check.__name__.removeprefix("check_")
    return Verdict(id="?", name=name, kind=Kind.INVARIANT, status=Status.UNKNOWN, says=why)
