"""The Kubernetes manifests as Kustomize puts them together."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

OVERLAY = Path(__file__).parents[3] / "deploy" / "kubernetes" / "overlays" / "production"


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    if not shutil.which("kubectl"):
        pytest.skip("kubectl, which brings Kustomize, is not installed")
    command = ["kubectl", "kustomize", str(OVERLAY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))
