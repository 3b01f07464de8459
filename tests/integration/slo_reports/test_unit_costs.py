"""What a run says a mail costs, and that the planner's figures are those of the run that they name."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from slo_reports.cli import app

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
RUN = "slo_reports/examples/full"


def test_the_planner_plans_with_what_the_committed_run_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, ["costs", RUN])
    assert done.exit_code == 0, done.output
    measurements = tomllib.loads((ROOT / "system/planning/unit_costs.toml").read_text())["measurement"]
    (said,) = (m["values"] for m in measurements if m["command"] == f"steadypost slo costs {RUN}")
    assert said == tomllib.loads(done.output)


def test_a_run_without_an_outage_has_no_unit_costs(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema": "x", "state": "finished", "files": {}}')
    done = CliRunner().invoke(app, ["costs", str(tmp_path)])
    assert done.exit_code == 3
    assert "inconclusive" in done.stderr
