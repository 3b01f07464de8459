"""The ml workers on GPUs: they ask for one each, and start with CUDA or not at all."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from system.settings import Settings

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.gpu.yml").read_text())["services"]
on_gpus = pytest.mark.parametrize("objects", ["gpu"], indirect=True)
DEVICE = "STEADYPOST_MODEL_DEVICE"


@pytest.fixture
def pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        found["metadata"]["name"]: found["spec"]["template"]["spec"]
        for found in objects
        if found["kind"] == "Deployment"
    }


def test_compose_gives_a_gpu_to_the_ml_workers_alone() -> None:
    assert set(COMPOSE) == {"worker-ml"}
    (device,) = COMPOSE["worker-ml"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}


def test_compose_builds_the_image_with_the_extra_that_the_dockerfile_knows() -> None:
    assert COMPOSE["worker-ml"]["build"]["args"] == {"EXTRA": "gpu"}
    assert "ARG EXTRA=cpu" in (ROOT / "Dockerfile").read_text()
    assert re.search(r"^gpu = \[\"onnxruntime-gpu\[cuda,cudnn\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)


def test_compose_starts_no_worker_that_would_fall_back_to_the_cpu() -> None:
    assert COMPOSE["worker-ml"]["environment"] == {DEVICE: "cuda"}
    assert Settings.model_construct(model_device="cuda").model_device == "cuda"


@on_gpus
def test_a_pod_of_ml_asks_for_one_gpu_and_no_other_does(pods: dict[str, dict[str, Any]]) -> None:
    asked = {name: pod["containers"][0]["resources"]["limits"].get("nvidia.com/gpu") for name, pod in pods.items()}
    assert {name: count for name, count in asked.items() if count} == {"worker-ml": "1"}
    assert pods["worker-ml"]["containers"][0]["resources"]["requests"]["nvidia.com/gpu"] == "1"


@on_gpus
def test_a_pod_of_ml_goes_to_nodes_with_gpus_with_an_image_and_a_setting_for_them(
    pods: dict[str, dict[str, Any]],
) -> None:
    pod = pods["worker-ml"]
    container = pod["containers"][0]
    assert pod["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert [toleration["key"] for toleration in pod["tolerations"]] == ["nvidia.com/gpu"]
    assert {"name": DEVICE, "value": "cuda"} in container["env"]
    assert container["image"].split(":")[0].endswith("/steadypost-gpu")
    assert not pods["worker-emails"]["containers"][0]["image"].split(":")[0].endswith("-gpu")


@on_gpus
def test_an_update_never_waits_for_a_gpu_that_the_old_pod_holds(objects: list[dict[str, Any]]) -> None:
    (found,) = [o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == "worker-ml"]
    assert found["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0
