"""Prometheus rules for the weekly batch: its budget against its own progress, and its projected end.

Burn rates over 30 days assume traffic all the time. A batch of two hours has a budget of its own (500 of 100,000
mails), which may be spent no faster than the batch advances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports import openslo
from slo_reports.burn_condition import BurnCondition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slo_reports.openslo import Document

FAILURES: Final = "final-failures"
COMPLETION: Final = "weekly-completion"

IN_WORK: Final = "pending|ready|claimed|sending|unknown"
JOBS: Final = "steadypost:campaign_jobs:sum"
ENDED: Final = "steadypost:campaign_ended_jobs:sum"
PROGRESS: Final = "steadypost:campaign_progress:ratio"
SPENT: Final = "steadypost:campaign_budget_spent:ratio"
PROJECTED_S: Final = "steadypost:campaign_projected_seconds"
STARTED: Final = "max by (campaign) (steadypost_campaign_started_timestamp_seconds)"


def batch_rules(slos: Sequence[Document], policies: dict[str, Document]) -> Iterator[dict[str, Any]]:
    """First what is recorded, then the alerts that read it."""
    named = {slo.name: slo for slo in slos}
    conditions = {name: BurnCondition.of(policies[_policy_of(slo)]) for name, slo in named.items()}
    yield from _progress()
    yield _budget_spent(named[FAILURES])
    yield from _projections(conditions[COMPLETION])
    yield _over_budget(named[FAILURES], conditions[FAILURES])
    yield _too_slow(named[COMPLETION], conditions[COMPLETION])


def runbook_of(slo: Document) -> str:
    """The page for whoever is woken by an alert of this objective: a path in this repository."""
    return f"docs/runbook/{slo.name}.md"


def _policy_of(slo: Document) -> str:
    return str(slo.spec["alertPolicies"][0]["alertPolicyRef"])


def _progress() -> Iterator[dict[str, Any]]:
    # Several web processes may show the same campaign: the greatest of each state, before anything is added up.
    yield {"record": JOBS, "expr": "sum by (campaign) (max by (campaign, state) (steadypost_campaign_jobs))"}
    ended = f'steadypost_campaign_jobs{{state!~"{IN_WORK}"}}'
    yield {"record": ENDED, "expr": f"sum by (campaign) (max by (campaign, state) ({ended}))"}
    yield {"record": PROGRESS, "expr": f"{ENDED} / {JOBS}"}


def _budget_spent(slo: Document) -> dict[str, Any]:
    metric = slo.spec["indicator"]["spec"]["ratioMetric"]
    bad, total = (metric[part]["metricSource"]["spec"]["query"] for part in ("bad", "total"))
    return {"record": SPENT, "expr": f"({bad}) / ({total}) / {openslo.objective(slo.name).budget:g}"}


def _projections(condition: BurnCondition) -> Iterator[dict[str, Any]]:
    for window in (condition.long, condition.short):
        pace = f"clamp_min(deriv({ENDED}[{window}]), 0)"
        expression = f"(time() - {STARTED}) + ({JOBS} - {ENDED}) / {pace}"
        yield {"record": PROJECTED_S, "expr": expression, "labels": {"pace": window}}


def _over_budget(slo: Document, condition: BurnCondition) -> dict[str, Any]:
    faster = (
        f"({SPENT} / {PROGRESS} {condition.operator} {condition.threshold:g} and {SPENT} > {condition.least_spent:g})"
    )
    return _alert(
        "SteadypostBatchOverBudget",
        f"{faster} or {SPENT} >= 1",
        slo=slo,
        condition=condition,
        description=(
            "Campaign {{ $labels.campaign }} has used up its budget of failures, or uses it up "
            f"{condition.threshold:g} times as fast as it advances."
        ),
    )


def _too_slow(slo: Document, condition: BurnCondition) -> dict[str, Any]:
    limit_s = openslo.objective(slo.name).threshold_s
    late = f"> {condition.threshold * limit_s:g}"
    by_pace = [f'max by (campaign) ({PROJECTED_S}{{pace="{pace}"}})' for pace in (condition.long, condition.short)]
    return _alert(
        "SteadypostBatchTooSlow",
        " and ".join(f"{projected} {late}" for projected in by_pace),
        slo=slo,
        condition=condition,
        description=(
            "Campaign {{ $labels.campaign }} would take {{ $value | humanizeDuration }} at its present pace, "
            f"more than the {limit_s:,.0f} s that are promised."
        ),
    )


def _alert(name: str, expression: str, *, slo: Document, condition: BurnCondition, description: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        "for": condition.after,
        "labels": {"severity": condition.severity, "slo": slo.name},
        "annotations": {
            "summary": f"{slo.title}: in danger",
            "description": description,
            "runbook_url": runbook_of(slo),
        },
    }
