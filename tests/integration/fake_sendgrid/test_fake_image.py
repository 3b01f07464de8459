"""The image `fake-sendgrid`, where somebody has built it: deploy/images/fake_sendgrid.Dockerfile."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from docker_daemon import need_docker
from running_fake import API_KEY, MAIL, wait_for
from sendgrid import SendGridAPIClient

pytestmark = pytest.mark.integration
IMAGE = "fake-sendgrid"
LOCKED_DOWN = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host")
PORTS = ("--port=0", "--management-port=0", "--host=127.0.0.1", "--full-speed", f"--api-key={API_KEY}")
_HTTP = urllib3.PoolManager(retries=False, timeout=15)


def _docker(*words: str, within_s: float = 60) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=within_s, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def _image() -> None:
    need_docker(image=IMAGE)


@pytest.fixture(params=["--tmpfs=/data", "--volume=/data"])
def container(request: pytest.FixtureRequest) -> Iterator[str]:
    name = _docker("run", "--detach", *LOCKED_DOWN, request.param, IMAGE, *PORTS)
    try:
        yield name
    finally:
        _docker("rm", "--force", "--volumes", name)


def _addresses(container: str, *, start: int = 1) -> list[str]:
    """The v3 and the management URL that the container told at its `start`-th start."""

    def told() -> list[str]:
        words = _docker("logs", container).replace(",", " ").split()
        return [word for word in words if word.startswith("http://")][2 * start - 2 :]

    return wait_for(told, "the container tells its ports")  # type: ignore[no-any-return]  # wait_for knows no type


def _send(api: str) -> Any:
    return SendGridAPIClient(API_KEY, host=api).client.mail.send.post(request_body=MAIL)


def _ledger(management: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _HTTP.request("GET", f"{management}/ledger").data.splitlines()]


def test_a_mail_of_the_official_sdk_is_in_the_ledger_of_a_read_only_container(container: str) -> None:
    api, management = _addresses(container)
    message_id = _send(api).headers["X-Message-Id"]
    assert [line["message_id"] for line in _ledger(management)] == [message_id]


def test_the_container_runs_as_a_user_without_rights(container: str) -> None:
    assert _docker("exec", container, "id", "-u") == "10001"


def test_a_stop_of_the_container_is_in_good_order(container: str) -> None:
    _addresses(container)
    _docker("stop", container)
    assert _docker("inspect", "--format={{.State.ExitCode}}", container) == "0"


@pytest.mark.parametrize("container", ["--volume=/data"], indirect=True)
def test_a_killed_container_remembers_its_mails(container: str) -> None:
    message_id = _send(_addresses(container)[0]).headers["X-Message-Id"]
    _docker("kill", container)
    _docker("start", container)
    _, management = _addresses(container, start=2)
    assert [line["message_id"] for line in _ledger(management)] == [message_id]
