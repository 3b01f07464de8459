"""The webhook load as it is run, with Locust, against a real web process."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Engine, text

from loadtests.webhook.targets import Target, write_targets
from slo_reports.columns import COLUMNS
from slo_reports.run_folder import REQUESTS, RunFolder
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from pathlib import Path

    from web_process import Provider, Web

pytestmark = pytest.mark.integration

ENDS_WITHIN_S = 10.0
TARGETS = [
    Target(
        campaign_id=1,
        week_key="2026-W46",
        newsletter="weekly-recos",
        user_id=number,
        job_id=number,
        attempt_id=f"00000000-0000-0000-0000-{number:012d}",
        content_hash="c" * 32,
        message_id=f"message-{number:014d}",
    )
    for number in range(1, 301)
]


@pytest.fixture
def files(tmp_path: Path, provider: Provider) -> list[str]:
    """Key and targets, as options."""
    key, targets = tmp_path / "key.pem", tmp_path / "targets.jsonl"
    key.write_bytes(provider.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_targets(targets, TARGETS)
    return ["--run", str(tmp_path / "run"), "--signing-key", str(key), "--targets", str(targets)]


def start(files: list[str], web: Web, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "loadtests.webhook_run", "--url", f"http://127.0.0.1:{web.port}", *files, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def requests_of(folder: Path) -> list[dict[str, Any]]:
    return list(RunFolder(folder).lines(REQUESTS))


def load_of(folder: Path) -> dict[str, Any]:
    load: dict[str, Any] = json.loads((folder / "load.json").read_text())
    return load


def inbox_digests(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return {digest.hex()[:16] for digest in connection.execute(text("SELECT digest FROM webhook_inbox")).scalars()}


def test_true_posts_are_taken_in_and_attacks_are_not(
    web: Web, engine: Engine, files: list[str], tmp_path: Path
) -> None:
    options = ("--stages", "warm-up:1s:300,hold:3s:900", "--hostile-ratio", "0.3", "--seed", "5")
    loading = start(files, web, *options)
    output = loading.communicate(timeout=90)[0]
    requests = requests_of(tmp_path / "run")

    assert loading.returncode == 0, output
    assert all(list(request) == list(COLUMNS[REQUESTS]) for request in requests)
    assert {request["stage"] for request in requests} == {"warm-up", "hold"}
    statuses: dict[str, set[int]] = {}
    for request in requests:
        statuses.setdefault(request["user"], set()).add(request["status"])
    assert statuses.pop("malformed") <= {400, 401}
    assert statuses == {
        "provider": {204}, "forged": {403}, "tampered": {403}, "stale": {403}, "replayed": {204}, "oversize": {413},
    }  # fmt: skip
    assert inbox_digests(engine) == {request["digest"] for request in requests if request["user"] == "provider"}
    forbidden = {event_id for request in requests for event_id in request["event_ids"]}
    with engine.connect() as connection:
        bodies = b"".join(bytes(body) for body in connection.execute(text("SELECT body FROM webhook_inbox")).scalars())
    assert forbidden
    assert not [event_id for event_id in forbidden if event_id.encode() in bodies]


def test_locusts_own_statistics_count_what_was_written_down(web: Web, files: list[str], tmp_path: Path) -> None:
    loading = start(files, web, "--stages", "hold:2s:300")
    loading.communicate(timeout=90)
    log = (tmp_path / "run" / "logs" / "locust.log").read_text()
    aggregated = re.search(r"Aggregated\s+(\d+)\s+(\d+)\(", log)

    assert aggregated, log
    assert (int(aggregated[1]), int(aggregated[2])) == (len(requests_of(tmp_path / "run")), 0)


def test_tags_leave_the_attacks_out_when_locust_is_run_by_hand(web: Web, files: list[str], tmp_path: Path) -> None:
    own = [option.replace("--run", "--run-folder") if option == "--run" else option for option in files]
    command = [sys.executable, "-m", "locust", "-f", "loadtests/webhook_load.py", "--headless", "--only-summary",
               "--host", f"http://127.0.0.1:{web.port}", "--exclude-tags", "hostile", "--hostile-ratio", "1",
               "--stages", "hold:2s:300", *own]  # fmt: skip
    subprocess.run(command, check=True, timeout=90, capture_output=True)
    [part] = (tmp_path / "run" / "webhook-parts").glob("*.jsonl")
    users = {json.loads(line)["user"] for line in part.read_text().splitlines()}

    assert users == {"provider"}


def test_two_processes_share_the_load_and_end_in_order_when_told_to(
    web: Web, engine: Engine, files: list[str], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    loading = start(files, web, "--stages", "hold:rest:400", "--processes", "2")
    wait_until_ready(
        lambda: _both_live(run), what="both processes", deadline_s=60, is_alive=lambda: loading.poll() is None
    )
    asked_s = time.monotonic()
    loading.send_signal(signal.SIGTERM)
    output = loading.communicate(timeout=60)[0]
    took_s = time.monotonic() - asked_s
    requests = requests_of(run)

    assert loading.returncode == 0, output
    assert took_s < ENDS_WITHIN_S
    assert len({request["n"] for request in requests}) == len(requests)
    assert {request["n"] % 2 for request in requests} == {0, 1}
    assert [r["intended_at"] for r in requests] == sorted(r["intended_at"] for r in requests)
    assert inbox_digests(engine) >= {request["digest"] for request in requests if request["status"] == 204}
    load = load_of(run)
    assert (load["processes"], load["offered"], load["dropped"]) == (2, len(requests), 0)
    assert json.loads((run / "load-live.json").read_text())["events_per_s"] > 0


def test_a_load_that_is_stopped_before_it_began_leaves_an_empty_record(
    web: Web, files: list[str], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    loading = start(files, web, "--stages", "hold:rest:400")
    wait_until_ready(lambda: _log_exists(run), what="Locust's log", deadline_s=60)
    loading.send_signal(signal.SIGINT)
    loading.communicate(timeout=60)

    assert loading.returncode == 0
    assert load_of(run)["offered"] == len(requests_of(run))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--stages", "hold", "stages='hold' is not a stage. Write NAME:SECONDSs:EVENTS_PER_S"),
        ("--targets", "/nowhere", "python -m loadtests.past_campaign --targets FILE"),
        ("--signing-key", "/nowhere", "signing-key.pem"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_starts(
    web: Web, files: list[str], option: str, value: str, said: str
) -> None:
    loading = start([*files, option, value], web)
    output = loading.communicate(timeout=60)[0]

    assert loading.returncode == 4
    assert said in output
    assert "Traceback" not in output


def _both_live(run: Path) -> None:
    parts = run / "webhook-parts"
    if not all((parts / f"{share}-0.live.json").exists() for share in (0, 1)):
        raise NotReadyError("a process has not begun")
    if not (run / "load-live.json").exists():
        raise NotReadyError("there is no live view")


def _log_exists(run: Path) -> None:
    if not (run / "logs" / "locust.log").exists():
        raise NotReadyError("Locust was not started")
