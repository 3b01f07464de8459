"""Prometheus rules from the SLO files: how fast each budget burns, and when somebody should hear of it.

A stream of requests, the webhook, is watched over several windows at several burn rates (SRE workbook, chapter 5).
A batch, the weekly mailing, is in `batch_rules.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from slo_reports import openslo
from slo_reports.batch_rules import batch_rules, runbook_of
from slo_reports.burn_condition import BurnCondition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slo_reports.openslo import Document

HEADER: Final = "# Written by `steadypost slo rules` from slo_reports/slos/*.yaml; change those and write it again.\n"
WINDOW: Final = "{{.window}}"
"""Where a query of the SLO files takes its window, as in Sloth."""
EVALUATION: Final = "15s"


def rules() -> str:
    """The rule file as YAML; the same SLO files always make the same text."""
    documents = openslo.load()
    policies = {document.name: document for document in documents if document.kind == "AlertPolicy"}
    slos = [document for document in documents if document.kind == "SLO"]
    groups = [_group(f"steadypost-{slo.name}", _stream_rules(slo, policies)) for slo in _shaped(slos, "stream")]
    groups.append(_group("steadypost-batch", batch_rules(_shaped(slos, "batch"), policies)))
    return HEADER + yaml.safe_dump({"groups": groups}, sort_keys=False, width=110, allow_unicode=True)


def _shaped(slos: Sequence[Document], shape: str) -> list[Document]:
    return [slo for slo in slos if slo.annotation("shape") == shape]


def _group(name: str, members: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "interval": EVALUATION, "rules": list(members)}


def _stream_rules(slo: Document, policies: dict[str, Document]) -> Iterator[dict[str, Any]]:
    used = [policies[reference["alertPolicyRef"]] for reference in slo.spec["alertPolicies"]]
    conditions = [BurnCondition.of(policy) for policy in used]
    windows = {window for condition in conditions for window in (condition.long, condition.short)}
    for window in sorted(windows, key=_seconds):
        yield {"record": _recorded(window), "expr": _error_ratio(slo, window), "labels": {"slo": slo.name}}
    for policy, condition in zip(used, conditions, strict=True):
        yield _burn_alert(slo, policy, condition)


def _error_ratio(slo: Document, window: str) -> str:
    metric = slo.spec["indicator"]["spec"]["ratioMetric"]
    good, total = (metric[part]["metricSource"]["spec"]["query"].replace(WINDOW, window) for part in ("good", "total"))
    # With nothing bad and nothing good in a window, `good` has no series while `total` is 0: no traffic, no verdict.
    return f"1 - (({good} or vector(0)) / ({total} > 0))"


def _burn_alert(slo: Document, policy: Document, condition: BurnCondition) -> dict[str, Any]:
    budget = openslo.objective(slo.name).budget
    limit = f"{condition.operator} {condition.threshold:g} * {budget:g}"
    labels = f'{{slo="{slo.name}"}}'
    return {
        "alert": f"Steadypost{_camel(slo.name)}{_camel(policy.name)}",
        "expr": f"{_recorded(condition.long)}{labels} {limit} and {_recorded(condition.short)}{labels} {limit}",
        "labels": {"severity": condition.severity, "slo": slo.name},
        "annotations": {
            "summary": f"{slo.title}: {policy.title} is spent",
            "description": (
                f"{{{{ $value | humanizePercentage }}}} of the last {condition.long} was bad: more than "
                f"{condition.threshold:g} x the budget of {budget:.1%}, and the last {condition.short} are no better."
            ),
            "runbook_url": runbook_of(slo),
        },
    }


def _recorded(window: str) -> str:
    return f"slo:sli_error:ratio_rate{window}"


def _seconds(window: str) -> int:
    return int(window[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[window[-1]]


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
