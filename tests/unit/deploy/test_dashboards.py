"""The dashboards: every query names a metric that exists, every panel says what it shows and in which unit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from system.metrics import COUNTED, READINGS, series

pytestmark = pytest.mark.unit

DEPLOY = Path(__file__).parents[3] / "deploy"
BOARDS = {
    path.stem: json.loads(path.read_text())
    for path in sorted((DEPLOY / "grafana/provisioning/dashboards").glob("*.json"))
}
RULES = [DEPLOY / "prometheus" / f"{name}.rules.yml" for name in ("steadypost", "platform")]
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"]]
UNITS = {"bytes", "dateTimeFromNow", "none", "percentunit", "reqps", "s", "short"}
NODE_EXPORTER = {"node_filesystem_avail_bytes", "node_filesystem_size_bytes"}


def recorded() -> set[str]:
    groups = [group for rules in RULES for group in yaml.safe_load(rules.read_text())["groups"]]
    return {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}


def names(query: str) -> set[str]:
    return set(re.findall(r"\b(?:steadypost|slo|node)[_:][\w:]+", re.sub(r'"[^"]*"', "", query)))


def queries(board: dict[str, Any]) -> list[str]:
    targets = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return targets + [variable["definition"] for variable in board["templating"]["list"] if "definition" in variable]


def test_there_is_one_for_the_campaign_and_one_for_the_platform() -> None:
    assert set(BOARDS) == {"campaign", "platform"}
    assert len({board["uid"] for board in BOARDS.values()}) == 2


@pytest.mark.parametrize("name", BOARDS)
def test_every_query_names_metrics_that_exist(name: str) -> None:
    for query in queries(BOARDS[name]):
        assert names(query), query
        assert names(query) - series() - recorded() == set(), query


def test_every_alert_of_the_platform_names_metrics_that_exist() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/platform.rules.yml").read_text())["groups"][0]["rules"]
    for rule in rules:
        assert names(rule["expr"]) - series() - recorded() - NODE_EXPORTER == set(), rule["alert"]


def test_every_metric_is_on_a_dashboard_or_in_an_alert() -> None:
    watched = "".join(
        [path.read_text() for path in RULES] + [query for board in BOARDS.values() for query in queries(board)]
    )
    families = [reading.name for reading in READINGS] + [each.name for metric in COUNTED for each in metric.describe()]
    unseen = {name for name in families if name not in watched}
    assert unseen == {"steadypost_campaign_completed_timestamp_seconds"}


@pytest.mark.parametrize(
    ("name", "panel"), PANELS, ids=lambda value: value["title"] if isinstance(value, dict) else value
)
def test_a_panel_says_what_it_shows_and_in_which_unit(name: str, panel: dict[str, Any]) -> None:
    assert panel["title"], name
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert all(target["legendFormat"] for target in panel["targets"])


@pytest.mark.parametrize("name", BOARDS)
def test_no_two_panels_share_a_place_or_an_id(name: str) -> None:
    places = [panel["gridPos"] for panel in BOARDS[name]["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in BOARDS[name]["panels"]}) == len(places)
