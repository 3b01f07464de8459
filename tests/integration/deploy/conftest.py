"""The Kubernetes manifests as Kustomize puts them together."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from missing import go_without

OVERLAYS = Path(__file__).parents[3] / "deploy" / "kubernetes" / "overlays"


@pytest.fixture(scope="module", params=["production", "gpu"])
def objects(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    commands = (["kubectl", "kustomize"], ["kustomize", "build"])
    command = next((command for command in commands if shutil.which(command[0])), None)
    if command is None:
        go_without("neither kustomize nor kubectl, which brings it, is installed")
    done = subprocess.run([*command, str(OVERLAYS / request.param)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))
