"""What scales the workers, checked against the schemas of KEDA itself (schemas/README.md says which)."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.integration
SCHEMAS = Path(__file__).parent / "schemas"
FROM_ENV = "FromEnv"


def _closed(schema: Any) -> Any:
    """The schema, but a field that it does not know is an error: the cluster would drop it without a word."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    is_open = "additionalProperties" in schema or schema.get("x-kubernetes-preserve-unknown-fields")
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict) and not is_open:
        closed["additionalProperties"] = False
    return closed


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    definition = yaml.safe_load((SCHEMAS / "keda.sh_scaledobjects.yaml").read_text())
    (version,) = definition["spec"]["versions"]
    schema = _closed(version["schema"]["openAPIV3Schema"])
    # Every object has more metadata than a definition lists.
    schema["properties"]["metadata"] = {"type": "object"}
    return Draft202012Validator(schema)


@pytest.fixture(scope="module")
def scaled(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {found["metadata"]["name"]: found for found in objects if found["kind"] == "ScaledObject"}


def _known() -> dict[str, dict[str, dict[str, Any]]]:
    scalers = json.loads((SCHEMAS / "keda_triggers.json").read_text())["scalers"]
    return {scaler["type"]: {p["name"]: p for p in scaler["parameters"]} for scaler in scalers}


def _errors_of(trigger: dict[str, Any]) -> list[str]:
    known, given = _known()[trigger["type"]], trigger["metadata"]
    needed = [name for name, parameter in known.items() if not parameter.keys() & {"optional", "default"}]
    readable = {True: "envVariableReadable", False: "metadataVariableReadable"}
    return [f"{name} is missing" for name in needed if name not in given] + [
        f"{name} is unknown"
        for name in given
        if not known.get(name.removesuffix(FROM_ENV), {}).get(readable[name.endswith(FROM_ENV)])
    ]


def test_every_scaled_object_is_as_its_schema_demands(
    scaled: dict[str, dict[str, Any]], validator: Draft202012Validator
) -> None:
    assert scaled
    for name, found in scaled.items():
        assert [error.message for error in validator.iter_errors(found)] == [], name


def test_a_field_that_keda_does_not_know_is_noticed(
    scaled: dict[str, dict[str, Any]], validator: Draft202012Validator
) -> None:
    found = next(iter(scaled.values()))
    misspelt = {**found, "spec": {**found["spec"], "maxReplicas": 5}}
    assert "maxReplicas" in next(validator.iter_errors(misspelt)).message


def test_every_trigger_has_what_its_scaler_asks_for_and_nothing_else(scaled: dict[str, dict[str, Any]]) -> None:
    for found in scaled.values():
        for trigger in found["spec"]["triggers"]:
            assert _errors_of(trigger) == []


def test_a_trigger_with_a_wrong_parameter_is_noticed() -> None:
    misspelt = {"type": "redis", "metadata": {"listName": "emails", "lenght": "5"}}
    assert _errors_of(misspelt) == ["lenght is unknown"]
    incomplete = {"type": "prometheus", "metadata": {"query": "up", "threshold": "1"}}
    assert _errors_of(incomplete) == ["serverAddress is missing"]


def test_what_is_scaled_is_there_and_grows_with_its_own_queue(
    objects: list[dict[str, Any]], scaled: dict[str, dict[str, Any]]
) -> None:
    deployments = {found["metadata"]["name"] for found in objects if found["kind"] == "Deployment"}
    for name, found in scaled.items():
        assert found["spec"]["scaleTargetRef"]["name"] in deployments
        length, age = (trigger["metadata"] for trigger in found["spec"]["triggers"])
        assert f"worker-{length['listName']}" == name
        assert f'queue="{length["listName"]}"' in age["query"]


def test_fewer_workers_are_kept_only_after_a_while(scaled: dict[str, dict[str, Any]]) -> None:
    """`cooldownPeriod` is no help here: KEDA waits for it only before it scales to none."""
    for found in scaled.values():
        assert found["spec"]["minReplicaCount"] >= 1
        behavior = found["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert behavior["scaleDown"]["stabilizationWindowSeconds"] >= 300
