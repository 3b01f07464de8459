"""The compose file of production, started as it is: a campaign through it outlives the death of a container."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker_daemon import need_docker

from stack.readiness import NotReadyError, wait_until_ready

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1500)]
ROOT = Path(__file__).parents[2]
PROJECT = "steadypost-acceptance"
USERS = 500
PORTS = {"HTTP_PORT": "18080", "HTTPS_PORT": "18443", "FAKE_SENDGRID_PORT": "18026"}
PORTS |= {"PROMETHEUS_PORT": "19090", "ALERTMANAGER_PORT": "19093"}
ONE_WORKER = f"{PROJECT}-worker-emails-1"
WORKERS = ("worker-orchestrator", "worker-ml", "worker-emails", "worker-tracking")
NOT_SENT_YET = {"pending", "ready", "claimed", "sending"}
TAKEN = {"accepted", "delivered", "bounced", "dropped"}
MOST_AMBIGUOUS = 2 * 32
"""One container's processes times the requests that each may have open."""


@dataclass
class Deployment:
    """The system under its compose file."""

    env: dict[str, str]

    def compose(self, *words: str, within_s: float = 300) -> str:
        command = ["docker", "compose", "--project-name", PROJECT, "--env-file", "deploy/demo.env", "--profile", "demo"]
        return _run([*command, *words], env=self.env, within_s=within_s)

    def steadypost(self, *words: str) -> str:
        return self.compose("exec", "-T", "worker-orchestrator", "steadypost", *words)

    def jobs(self) -> dict[int, str]:
        """The state of each job."""
        query = "SELECT json_object_agg(id, status) FROM email_jobs"
        psql = ("exec", "-T", "postgres", "psql", "-U", "postgres", "-d", "steadypost", "-At", "-c", query)
        return {int(job): state for job, state in json.loads(self.compose(*psql) or "{}").items()}

    def taken_by_the_provider(self) -> list[int]:
        """The job of every accepted mail, as often as it was accepted."""
        ledger = _get(f"http://127.0.0.1:{PORTS['FAKE_SENDGRID_PORT']}/ledger?after=0").splitlines()
        entries = [json.loads(line) for line in ledger]
        return [int(entry["custom_args"]["job_id"]) for entry in entries if entry["kind"] == "accepted"]


def _run(command: list[str], *, env: dict[str, str] | None = None, within_s: float = 60) -> str:
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=within_s, check=False)
    assert done.returncode == 0, (command, (done.stdout + done.stderr)[-3000:])
    return done.stdout


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        return str(response.read().decode())


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    need_docker(compose=True)
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("STEADYPOST_")},
        **PORTS,
        "SECRETS": str(tmp_path_factory.mktemp("secrets")),
        "DEMO_USERS": str(USERS),
        "SENDGRID_MAILS_PER_S": "20",  # slow enough to be disturbed
    }
    _run(["deploy/images/offline.sh"], env=env, within_s=900)
    _run(["deploy/secrets.sh", "demo"], env=env)
    deployment = Deployment(env)
    try:
        deployment.compose("up", "--detach", "--no-build", within_s=300)
        wait_until_ready(_check_demo, what="the invented people", deadline_s=240)
        yield deployment
    finally:
        print(deployment.compose("logs", "--tail", "40"))  # noqa: T201  # shown when a test fails
        deployment.compose("down", "--volumes", "--timeout", "20")


def _check_demo() -> None:
    state = _run(
        ["docker", "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", f"{PROJECT}-demo-1"]
    ).strip()
    if state != "exited 0":
        raise NotReadyError(state)


def _wait_until_taken(deployment: Deployment, count: int) -> None:
    def check() -> None:
        if (taken := len(deployment.taken_by_the_provider())) < count:
            raise NotReadyError(f"{taken} of {count} accepted")

    wait_until_ready(check, what="the first mails", deadline_s=90)


def _wait_until_told(deployment: Deployment) -> None:
    """Until nothing is left to send, and all that the provider took is known to us by its events."""

    def check() -> None:
        jobs, taken = deployment.jobs(), set(deployment.taken_by_the_provider())
        open_jobs = [job for job, state in jobs.items() if state in NOT_SENT_YET]
        untold = [job for job in taken if jobs[job] not in TAKEN]
        if open_jobs or untold:
            raise NotReadyError(f"{len(open_jobs)} not sent, {len(untold)} not told")

    wait_until_ready(check, what="the campaign", deadline_s=180)


def _states(jobs: dict[int, str], wanted: set[str]) -> set[int]:
    return {job for job, state in jobs.items() if state in wanted}


def test_a_campaign_outlives_a_container_s_death_and_a_deploy_and_sends_nobody_two_mails(
    deployment: Deployment,
) -> None:
    deployment.steadypost("doctor")
    deployment.steadypost("campaign", "start", "weekly-recos")
    _wait_until_taken(deployment, USERS // 4)
    _run(["docker", "kill", ONE_WORKER])
    _wait_until_taken(deployment, USERS // 2)
    deployment.compose("up", "--detach", "--no-build", "--no-deps", "--force-recreate", *WORKERS)
    _wait_until_told(deployment)

    jobs, taken = deployment.jobs(), deployment.taken_by_the_provider()
    assert len(jobs) == USERS
    assert len(taken) == len(set(taken)), "somebody got two mails"
    assert set(taken) == _states(jobs, TAKEN)
    assert jobs.keys() == _states(jobs, {*TAKEN, "skipped", "unknown"})
    assert len(_states(jobs, {"unknown"})) <= MOST_AMBIGUOUS
    assert len(taken) > USERS * 3 // 4


@pytest.mark.usefixtures("deployment")
def test_the_edge_shows_the_outside_no_more_than_it_needs() -> None:
    def status(path: str) -> str:
        code = ("-sk", "-o", "/dev/null", "-w", "%{http_code}")
        return _run(["curl", *code, f"https://127.0.0.1:{PORTS['HTTPS_PORT']}{path}"])

    seen = {path: status(path) for path in ("/healthz", "/metrics", "/readyz", "/flower/workers", "/u/forged")}
    assert seen == {
        "/healthz": "200",
        "/metrics": "404",
        "/readyz": "404",
        "/flower/workers": "401",
        "/u/forged": "404",
    }


def test_no_secret_is_in_a_log_or_in_what_docker_shows_of_a_container(deployment: Deployment) -> None:
    files = [
        file for file in Path(deployment.env["SECRETS"]).iterdir() if "password" in file.name or "api" in file.name
    ]
    secrets = [file.read_text().strip() for file in files]
    names = deployment.compose("ps", "--all", "--format", "{{.Name}}").split()
    shown = deployment.compose("logs") + _run(["docker", "inspect", *names])
    assert secrets
    assert not [file.name for file, secret in zip(files, secrets, strict=True) if secret in shown]


def test_what_our_processes_may_write_to_is_not_their_program(deployment: Deployment) -> None:
    listed: list[dict[str, Any]] = json.loads(_run(["docker", "inspect", f"{PROJECT}-web-1"]))
    assert listed[0]["HostConfig"]["ReadonlyRootfs"] is True
    assert deployment.compose("exec", "-T", "web", "id", "-u").strip() == "10001"
