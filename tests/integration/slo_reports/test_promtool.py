"""Prometheus's own tool accepts the rules, and their alerts speak up when they should and only then."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).parents[3] / "deploy" / "prometheus"


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail("promtool is missing; Debian's package prometheus brings it")
        pytest.skip("promtool is missing; Debian's package prometheus brings it")
    return found


def test_the_rules_are_valid(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "check", "rules", "steadypost.rules.yml"], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("scenarios", ["webhook.rules.test.yml", "batch.rules.test.yml"])
def test_alerts_speak_up_when_they_should_and_only_then(promtool: str, scenarios: str) -> None:
    done = subprocess.run(
        [promtool, "test", "rules", scenarios], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
