"""The Kubernetes manifests as Kustomize puts them together, checked against Kubernetes' own schemas."""

from typing import Any

import kubernetes_validate
import pytest

from stack.programs import WORKER_STOP_WAIT_S
from system.settings import Settings
from system.tasks.configuration import SOFT_SHUTDOWN_S
from system.tasks.queues import QueueName

pytestmark = pytest.mark.integration
VERSION = "1.33"
KEDA = "keda.sh/v1alpha1"


def _of(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {found["metadata"]["name"]: found for found in objects if found["kind"] == kind}


def _pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        found["metadata"]["name"]: found["spec"]["template"]["spec"]
        for found in objects
        if found["kind"] in {"Deployment", "Job"}
    }


def _default(setting: str) -> float:
    return float(Settings.model_fields[setting].default)


def test_every_object_is_as_its_schema_demands(objects: list[dict[str, Any]]) -> None:
    ours = [found for found in objects if found["apiVersion"] != KEDA]
    assert ours
    for found in ours:
        kubernetes_validate.validate(found, VERSION, strict=True)


def test_every_pod_runs_without_rights_on_a_read_only_root(objects: list[dict[str, Any]]) -> None:
    for name, pod in _pods(objects).items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys(), name


def test_every_queue_has_a_worker_that_may_finish_what_it_began(objects: list[dict[str, Any]]) -> None:
    pods = _pods(objects)
    for queue in QueueName:
        pod = pods[f"worker-{queue}"]
        assert pod["terminationGracePeriodSeconds"] >= WORKER_STOP_WAIT_S
        assert pod["terminationGracePeriodSeconds"] > SOFT_SHUTDOWN_S + _default("request_deadline_s")
        args = pod["containers"][0]["args"]
        assert args[args.index("-Q") + 1] == queue


def test_a_drained_node_never_takes_all_of_a_kind(objects: list[dict[str, Any]]) -> None:
    deployments = _of(objects, "Deployment")
    for name, budget in _of(objects, "PodDisruptionBudget").items():
        labels = deployments[name]["spec"]["template"]["metadata"]["labels"]
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert deployments[name]["spec"]["replicas"] > budget["spec"]["maxUnavailable"]


def test_no_object_holds_a_secret(objects: list[dict[str, Any]]) -> None:
    assert not _of(objects, "Secret")
