"""The Prometheus rules follow from the SLO files, and name only metrics that the system shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from slo_reports.openslo import SLOS
from slo_reports.rules import HEADER, rules
from system.metrics import series

pytestmark = pytest.mark.unit

COMMITTED = Path(__file__).parents[3] / "deploy" / "prometheus" / "steadypost.rules.yml"


def alerts() -> dict[str, dict[str, object]]:
    groups = yaml.safe_load(rules())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def test_the_committed_rules_are_those_of_the_slo_files() -> None:
    assert COMMITTED.read_text() == rules(), "run `steadypost slo rules --out deploy/prometheus/steadypost.rules.yml`"


def test_the_file_says_where_it_comes_from() -> None:
    assert rules().startswith(HEADER)


@pytest.mark.parametrize(
    ("alert", "expr", "severity"),
    [
        ("BurnsInTwoDays", "1h{%s} > 14.4 * 0.01 and slo:sli_error:ratio_rate5m{%s} > 14.4 * 0.01", "page"),
        ("BurnsInFiveDays", "6h{%s} > 6 * 0.01 and slo:sli_error:ratio_rate30m{%s} > 6 * 0.01", "page"),
        ("BurnsInTenDays", "1d{%s} > 3 * 0.01 and slo:sli_error:ratio_rate2h{%s} > 3 * 0.01", "ticket"),
        ("BurnsInThirtyDays", "3d{%s} > 1 * 0.01 and slo:sli_error:ratio_rate6h{%s} > 1 * 0.01", "ticket"),
    ],
)
@pytest.mark.parametrize("slo", ["webhook-latency", "webhook-freshness"])
def test_a_burn_rate_must_hold_over_the_long_and_the_short_window(
    slo: str, alert: str, expr: str, severity: str
) -> None:
    camel = slo.title().replace("-", "")
    rule = alerts()[f"Steadypost{camel}{alert}"]

    assert rule["expr"] == "slo:sli_error:ratio_rate" + expr.replace("%s", f'slo="{slo}"')
    assert rule["labels"] == {"severity": severity, "slo": slo}


def test_every_metric_in_the_rules_and_the_objectives_is_one_of_the_systems() -> None:
    queries = "".join(path.read_text() for path in SLOS.glob("*.yaml"))
    named = set(re.findall(r"(?<![:\w])steadypost_\w+", rules() + queries))

    assert named
    assert named <= series()
