"""Prometheus's own tool accepts the rules, and their alerts speak up when they should and only then."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from missing import go_without

pytestmark = pytest.mark.integration

DEPLOY = Path(__file__).parents[3] / "deploy"
FOLDER = DEPLOY / "prometheus"
DASHBOARDS = sorted((DEPLOY / "grafana/provisioning/dashboards").glob("*.json"))


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        go_without("promtool is missing; Debian's package prometheus brings it")
    return found


@pytest.mark.parametrize("rules", ["steadypost.rules.yml", "platform.rules.yml"])
def test_the_rules_are_valid(promtool: str, rules: str) -> None:
    done = subprocess.run([promtool, "check", "rules", rules], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("scenarios", sorted(path.name for path in FOLDER.glob("*.test.yml")))
def test_alerts_speak_up_when_they_should_and_only_then(promtool: str, scenarios: str) -> None:
    done = subprocess.run(
        [promtool, "test", "rules", scenarios], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_query_of_a_dashboard_is_promql(promtool: str, dashboard: Path, tmp_path: Path) -> None:
    panels = json.loads(dashboard.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
