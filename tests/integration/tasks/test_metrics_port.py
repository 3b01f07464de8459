"""A worker's own `/metrics`."""

from __future__ import annotations

import random
import urllib.request

import pytest

from stack.ports import find_ports
from system.metrics import SWEEPS
from system.tasks.metrics_port import serve_metrics

pytestmark = pytest.mark.integration


def test_a_worker_shows_what_its_processes_counted() -> None:
    SWEEPS.inc(0)
    port = find_ports(1, choice=random.SystemRandom())[0]
    server = serve_metrics(port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            shown = answer.read().decode()
            kind = answer.headers["Content-Type"]
    finally:
        server.shutdown()
        server.server_close()
    assert kind.startswith("text/plain")
    assert "\nsteadypost_sweeps_total " in shown
    assert "# TYPE steadypost_send_attempts_total counter" in shown
