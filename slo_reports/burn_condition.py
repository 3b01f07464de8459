"""The condition of an alert policy, as rules need it: a burn rate, its windows, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from slo_reports.openslo import ANNOTATION

if TYPE_CHECKING:
    from slo_reports.openslo import Document

OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


@dataclass(frozen=True, kw_only=True)
class BurnCondition:
    """When a policy speaks up; windows are durations as Prometheus writes them."""

    severity: str
    operator: str
    threshold: float
    long: str
    short: str
    """From our annotation `short-window`: OpenSLO knows one window; the long one again where there is none."""
    after: str
    least_spent: float
    """From our annotation `least-spent`: the share of the budget below which it keeps silent."""

    @classmethod
    def of(cls, policy: Document) -> Self:
        """The only condition of a policy, which stands in it."""
        body = policy.spec["conditions"][0]
        rate = body["spec"]["condition"]
        annotations = body["metadata"].get("annotations", {})
        return cls(
            severity=body["spec"]["severity"],
            operator=OPERATORS[rate["op"]],
            threshold=rate["threshold"],
            long=rate["lookbackWindow"],
            short=annotations.get(f"{ANNOTATION}short-window", rate["lookbackWindow"]),
            after=rate.get("alertAfter", "0m"),
            least_spent=float(annotations.get(f"{ANNOTATION}least-spent", 0)),
        )
