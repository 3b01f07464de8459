"""The catalogue of metrics: names as Prometheus wants them, a page that is true, and nothing that names a person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from typer.testing import CliRunner

from system.cli.metrics import app
from system.metrics import BREAKER_OPEN, COUNTED, PERMITS, READINGS, Sample, families, series

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
LABELS = {
    "campaign",
    "state",
    "newsletter",
    "account",
    "queue",
    "source",
    "outcome",
    "step",
    "kind",
    "result",
    "version",
    "provider",
}


def test_the_page_is_what_the_catalogue_says() -> None:
    written = CliRunner().invoke(app, ["list"]).stdout
    assert (ROOT / "docs/metrics.md").read_text() == written, "run `steadypost metrics list > docs/metrics.md`"


def test_every_metric_is_ours_by_name_and_explained() -> None:
    described = [(reading.name, reading.help) for reading in READINGS]
    described += [(family.name, family.documentation) for metric in COUNTED for family in metric.describe()]
    assert len(described) > 30
    assert [
        name for name, help_text in described if not re.fullmatch(r"steadypost_[a-z_]+", name) or not help_text
    ] == []


def test_no_label_can_hold_an_address_or_grows_with_the_users() -> None:
    counted = {label for metric in COUNTED for label in metric._labelnames}
    assert counted | {label for reading in READINGS for label in reading.labels} == LABELS


def test_no_two_metrics_have_the_same_name() -> None:
    names = [reading.name for reading in READINGS]
    assert len(set(names)) == len(names)
    assert len(series()) > len(names) + len(COUNTED)


def test_samples_of_one_reading_become_one_family() -> None:
    made = list(
        families([Sample(BREAKER_OPEN, 1, ("a",)), Sample(PERMITS, 7, ("a",)), Sample(BREAKER_OPEN, 0, ("b",))])
    )
    assert [type(family) for family in made] == [GaugeMetricFamily, CounterMetricFamily]
    assert [(sample.labels, sample.value) for sample in made[0].samples] == [
        ({"account": "a"}, 1),
        ({"account": "b"}, 0),
    ]
    assert [sample.name for sample in made[1].samples] == ["steadypost_permits_reserved_total"]
