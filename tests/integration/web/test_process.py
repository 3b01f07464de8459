"""How the web process starts, reports and refuses to start."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from web_process import environment, granian

from stack.ports import find_ports

if TYPE_CHECKING:
    from web_process import StartWeb, Web

pytestmark = pytest.mark.integration

SOON_S = 8.0
"""Far above the 3 s that an answer may take, far below a wait without a limit."""


def test_a_process_with_all_its_services_is_ready(web: Web) -> None:
    answer = web.ask("GET", "/readyz")

    assert (answer.status, json.loads(answer.text)) == (200, {"database": "ready", "redis": "ready"})


def test_readiness_names_the_service_that_is_missing(start_web: StartWeb, closed_port: int) -> None:
    with start_web(redis_url=f"redis://127.0.0.1:{closed_port}/0") as web:
        answer = web.ask("GET", "/readyz")
        parts = json.loads(answer.text)

        assert answer.status == 503
        assert parts["database"] == "ready"
        assert str(closed_port) in parts["redis"]
        assert web.ask("GET", "/healthz").status == 200


def test_readiness_does_not_wait_for_a_silent_service(start_web: StartWeb) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with start_web(
            redis_url=f"redis://127.0.0.1:{port}/0", database_url=f"postgresql+psycopg://u:p@127.0.0.1:{port}/x"
        ) as web:
            began = time.monotonic()
            answer = web.ask("GET", "/readyz")

            assert answer.status == 503
            assert time.monotonic() - began < SOON_S
            assert json.loads(answer.text)["redis"] == "Redis gave no answer within 3 s"


def test_readiness_names_a_database_that_is_down(start_web: StartWeb, closed_port: int) -> None:
    with start_web(database_url=f"postgresql+psycopg://u:hush-hush@127.0.0.1:{closed_port}/x") as web:
        answer = web.ask("GET", "/readyz")

        assert answer.status == 503
        assert "PostgreSQL can't be used" in json.loads(answer.text)["database"]
        assert "hush-hush" not in answer.text


def test_unknown_paths_are_not_found_and_still_guarded(web: Web) -> None:
    answer = web.ask("GET", "/openapi.json")

    assert answer.status == 404
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_missing_settings_end_the_process_with_one_line_each() -> None:
    ended = start_in_vain({})

    assert ended.returncode == 1
    assert "STEADYPOST_DATABASE_URL: Field required" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_webhook_key_that_is_none_ends_the_process_with_what_to_do(web_settings: dict[str, str]) -> None:
    ended = start_in_vain(web_settings | {"webhook_public_keys": '["PFkw"]'})

    assert ended.returncode == 1
    assert "webhook_public_keys: 'PFkw…' is no public key. Copy the verification key" in ended.stderr
    assert "Traceback" not in ended.stderr


def start_in_vain(settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command, env = granian(find_ports(1, choice=random.SystemRandom())[0]), environment(settings)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
