"""The SLO files obey OpenSLO, and a broken one is refused with file, field, value and remedy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from slo_reports import openslo
from slo_reports.openslo import InvalidSloError, load, objective

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

SERVICE = """
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
"""
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: fast}
spec:
  service: shop
  indicator:
    metadata: {name: fast-posts}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: good}}}
        total: {metricSource: {type: Prometheus, spec: {query: total}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""
THRESHOLD = "thresholdMetric: {metricSource: {type: Prometheus, spec: {query: seconds}}}"


def folder_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "shop.yaml").write_text(f"{SERVICE}\n---\n{text}")
    return tmp_path


def changed(before: str, after: str) -> str:
    assert before in SLO
    return SLO.replace(before, after)


def test_our_own_files_are_valid() -> None:
    slos = sorted(document.name for document in load() if document.kind == "SLO")

    assert slos == ["final-failures", "outage-recovery", "webhook-freshness", "webhook-latency", "weekly-completion"]


def test_a_valid_file_is_read(tmp_path: Path) -> None:
    assert [document.name for document in load(folder_with(tmp_path, SLO))] == ["shop", "fast"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (changed("0.99}", "1.0}"), "spec.objectives[0].target is 1.0: expected a share from 0 to below 1"),
        (changed("0.99}", "-0.1}"), "spec.objectives[0].target is -0.1: expected a share from 0 to below 1"),
        (changed("{target: 0.99}", "{targetPercent: 100}"), "spec.objectives[0].targetPercent is 100"),
        (changed("{target: 0.99}", "{target: 0.9, targetPercent: 90}"), "exactly one of target and targetPercent"),
        (changed("{target: 0.99}", "{displayName: x}"), "exactly one of target and targetPercent"),
        (changed("openslo/v1", "openslo/v2"), 'apiVersion is "openslo/v2": write openslo/v1'),
        (changed("kind: SLO", "kind: Slo"), 'kind is "Slo": write DataSource, SLO'),
        (changed("{name: fast}", "{name: Fast One}"), 'metadata.name is "Fast One": expected a name after RFC 1123'),
        (changed("{name: fast}", "{name: -fast}"), 'metadata.name is "-fast"'),
        (changed("{name: fast}", "{name: " + 64 * "a" + "}"), "metadata.name is"),
        (changed("{name: fast}", "{labels: {a: b}}"), "'name' is a required property"),
        (changed("{name: fast}", "{name: fast, labels: {tier: 1}}"), "metadata.labels.tier is 1"),
        (changed("{name: fast}", "{name: fast, annotations: {tier: true}}"), "metadata.annotations.tier is true"),
        (changed("30d", "30 days"), 'spec.timeWindow[0].duration is "30 days": expected a positive number and one of'),
        (changed("30d", "0d"), 'spec.timeWindow[0].duration is "0d"'),
        (changed("isRolling: true", "isRolling: false"), "a duration with isRolling: true, or with a calendar"),
        (changed("[{duration: 30d, isRolling: true}]", "[]"), "spec.timeWindow is []: expected a list of exactly one"),
        (changed("Occurrences", "Occurences"), 'spec.budgetingMethod is "Occurences": write Occurrences'),
        (changed("  budgetingMethod: Occurrences\n", ""), "'budgetingMethod' is a required property"),
        (changed("Occurrences", "Timeslices"), "Timeslices needs timeSliceTarget and timeSliceWindow"),
        (changed("  service: shop\n", ""), "'service' is a required property"),
        (changed("[{target: 0.99}]", "[]"), "spec.objectives is []: expected a list of at least one objective"),
        (changed("good: {", "raw: {"), "either total with one of good and bad, or raw with rawType"),
        (changed("      ratioMetric:", f"      {THRESHOLD}\n      ratioMetric:"), "exactly one of ratioMetric and"),
        (changed("total: {metricSource: {type: Prometheus, ", "total: {metricSource: {"), "metricSourceRef or type"),
        (changed("spec: {query: total}", "spec: {}"), "ratioMetric.total.metricSource.spec is {}"),
        (changed("service: shop", "service: shop\n  budget: 3"), "('budget' was unexpected)"),
        (changed("service: shop", "service: show"), "spec.service is 'show': no Service has this name"),
        (changed("type: Prometheus, spec: {query: good}", "metricSourceRef: p, spec: {query: good}"), "no DataSource"),
        (changed("{target: 0.99}]", "{target: 0.99}]\n  alertPolicies: [{alertPolicyRef: loud}]"), "no AlertPolicy"),
        (changed("{target: 0.99}", "{op: lt, value: 1, target: 0.99}"), "only a thresholdMetric takes them"),
        (f"{SLO}\n---\n{SLO}", "metadata.name is 'fast' for 2 objects of kind SLO; rename one"),
        (changed("  service: shop", "  service: shop\n  service: shop"), "the key 'service' stands there twice"),
        ("[", "shop.yaml can't be read"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_by_field_value_and_remedy(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InvalidSloError, match=re.escape(says)) as refused:
        load(folder_with(tmp_path, text))
    assert str(refused.value).startswith("shop.yaml")


@pytest.mark.parametrize(
    ("objectives", "says"),
    [
        ("[{target: 0.99}]", "spec.objectives[0] lacks op or value"),
        ("[{op: below, value: 1, target: 0.99}]", 'spec.objectives[0].op is "below": write lt, lte, gt or gte'),
        ("[{op: lt, value: 1, target: 0.9}, {op: lt, value: 2, target: 0.99}]", "a thresholdMetric takes exactly one"),
    ],
)
def test_a_threshold_metric_has_one_objective_with_operator_and_value(
    tmp_path: Path, objectives: str, says: str
) -> None:
    body = yaml.safe_load(SLO)
    body["spec"]["indicator"]["spec"] = yaml.safe_load(THRESHOLD)
    body["spec"]["objectives"] = yaml.safe_load(objectives)

    with pytest.raises(InvalidSloError, match=re.escape(says)):
        load(folder_with(tmp_path, yaml.safe_dump(body)))


def test_a_folder_without_files_is_no_promise(tmp_path: Path) -> None:
    with pytest.raises(InvalidSloError, match="holds no OpenSLO files"):
        load(tmp_path)


def test_a_calendar_keeps_its_start_as_text(tmp_path: Path) -> None:
    calendar = "{duration: 1w, calendar: {startTime: 2026-01-05 00:00:00, timeZone: UTC}}"

    *_, slo = load(folder_with(tmp_path, changed("{duration: 30d, isRolling: true}", calendar)))

    assert slo.spec["timeWindow"][0]["calendar"]["startTime"] == "2026-01-05 00:00:00"


def test_an_objective_is_read_with_its_limits() -> None:
    latency = objective("webhook-latency")

    assert (latency.target, latency.budget, latency.threshold_s) == (0.99, 0.01, 1.0)
    assert objective("weekly-completion").limits == {"threshold-s": 7200.0, "users": 100_000.0}
    assert objective("outage-recovery").limits == {"first-accept-s": 3.0, "full-rate-s": 5.0}
    assert objective("final-failures").budget == 0.005


def test_an_unknown_objective_names_those_that_exist() -> None:
    with pytest.raises(KeyError, match="webhook-latency"):
        objective("webhook-latencies")


@pytest.mark.parametrize(
    ("name", "limit"),
    [("webhook-latency", 'le="1.0"'), ("webhook-freshness", 'le="1.0"'), ("weekly-completion", "7200")],
)
def test_the_query_asks_for_the_limit_that_is_promised(name: str, limit: str) -> None:
    slo = next(document for document in load() if document.name == name)

    assert f"{objective(name).threshold_s:g}" in limit
    assert limit in yaml.safe_dump(slo.spec["indicator"], width=1000)


def test_every_slo_says_how_it_is_measured() -> None:
    assert all(document.annotation("measured-by") for document in load() if document.kind == "SLO")
    assert openslo.SLOS.is_dir()
