"""docker-compose.yml as written: what every service must have, and what none may."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from system.settings import Settings
from system.tasks.queues import QueueName

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}
OURS = {name: service for name, service in SERVICES.items() if "STEADYPOST_DATABASE_URL" in str(service)}
LISTEN_OUTSIDE = {"proxy"}

each = pytest.mark.parametrize("name", SERVICES)


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_service_has_a_health_check_with_an_end(name: str) -> None:
    check = LASTING[name]["healthcheck"]
    assert {"test", "interval", "timeout", "retries"} <= check.keys()


def test_what_has_no_health_check_is_waited_for_until_it_has_ended_or_runs_by_hand() -> None:
    assert SERVICES.keys() - LASTING.keys() == {"migrate", "train", "demo"}


@each
def test_a_service_is_limited_in_cpu_memory_and_processes(name: str) -> None:
    assert {"cpus", "memory", "pids"} <= SERVICES[name]["deploy"]["resources"]["limits"].keys()


@each
def test_a_service_has_a_read_only_root_and_no_capabilities(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc"} & service.keys()


@each
def test_the_docker_socket_is_in_no_service(name: str) -> None:
    assert "docker.sock" not in str(SERVICES[name].get("volumes"))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - OURS.keys() - {"fake_sendgrid"}))
def test_a_server_runs_as_a_user_without_rights(name: str) -> None:
    assert int(SERVICES[name]["user"].split(":")[0]) > 0


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "deploy/images/fake_sendgrid.Dockerfile"])
def test_our_images_run_as_a_user_without_rights(dockerfile: str) -> None:
    assert re.search(r"^USER 10001$", (ROOT / dockerfile).read_text(), re.MULTILINE)


@each
def test_an_image_has_a_tag_that_says_which(name: str) -> None:
    image = re.sub(r"\$\{\w+:-(.+?)\}", r"\1", SERVICES[name]["image"])
    assert re.fullmatch(r"[\w./-]+:v?\d[\w.-]*", image), image


@each
def test_a_secret_comes_from_a_file_and_stands_in_no_variable(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|KEY|SECRET|AUTH|DATABASE_URL|REDIS_URL", variable) and value is not None:
            assert re.search(r"\{[a-z_]+\}|^/run/secrets/|\$\{", str(value)), variable


@each
def test_a_secret_that_is_named_in_a_variable_is_mounted(name: str) -> None:
    service = SERVICES[name]
    values = " ".join(map(str, service.get("environment", {}).values()))
    assert set(re.findall(r"(?<!\$)\{([a-z_]+)\}", values)) <= set(service.get("secrets", []))


@pytest.mark.parametrize("name", COMPOSE["secrets"])
def test_every_secret_is_made_by_the_script(name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / "deploy" / "secrets.sh").read_text())


@each
def test_only_the_proxy_listens_to_the_outside(name: str) -> None:
    if name not in LISTEN_OUTSIDE:
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_the_servers_can_be_reached_from_inside_alone() -> None:
    assert COMPOSE["networks"]["data"]["internal"] is True
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["data"]


@pytest.mark.parametrize("queue", list(QueueName))
def test_every_queue_has_a_worker_of_its_own(queue: str) -> None:
    command = SERVICES[f"worker-{queue}"]["command"]
    assert command[command.index("-Q") + 1] == queue


@pytest.mark.parametrize("name", OURS)
def test_a_variable_of_ours_is_a_setting(name: str) -> None:
    for variable in OURS[name]["environment"]:
        if variable.startswith("STEADYPOST_"):
            assert variable.removeprefix("STEADYPOST_").split("__")[0].lower() in Settings.model_fields


@pytest.mark.parametrize("name", [name for name, service in OURS.items() if service["restart"] != "no"])
def test_ours_start_after_the_schema_is_there(name: str) -> None:
    assert OURS[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_every_variable_is_explained() -> None:
    explained = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    more = [(ROOT / f"docker-compose.{name}.yml").read_text() for name in ("gpu", "watched")]
    asked = set(re.findall(r"\$\{([A-Z_]+)", TEXT + "".join(more)))
    assert asked <= explained
    assert explained - asked == {"COMPOSE_PROFILES"}


def test_error_reports_and_traces_find_a_way_out_of_every_process() -> None:
    watched = yaml.safe_load((ROOT / "docker-compose.watched.yml").read_text())["services"]
    assert watched.keys() - {"migrate"} == {"web", "beat", *(f"worker-{queue}" for queue in QueueName)}
    for name in watched.keys() - {"migrate"}:
        assert watched[name]["networks"] == ["outside"]
        for variable in watched[name]["environment"]:
            assert variable.startswith("OTEL_") or variable.removeprefix("STEADYPOST_").lower() in Settings.model_fields


def test_redis_appends_to_disk_and_evicts_nothing() -> None:
    settings = (ROOT / "deploy" / "redis" / "redis.conf").read_text()
    assert {"appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"} <= set(settings.splitlines())


def test_git_keeps_no_secret() -> None:
    assert {"/secrets/", ".env"} <= set((ROOT / ".gitignore").read_text().splitlines())
