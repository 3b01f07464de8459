"""A fake SendGrid at full speed in its own processes, and what they spend."""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psutil

API_KEY = "SG.bench.bench"
READY_S = 30.0
FULL_SPEED = ("--full-speed", "--flush-s=0.2")
T = TypeVar("T")


@dataclass(slots=True)
class Fake:
    """Two processes, two ports."""

    wire: psutil.Process
    office: psutil.Process
    api_port: int
    management: str

    def ask(self, path: str) -> dict[str, Any]:
        """A management answer."""
        with urllib.request.urlopen(self.management + path, timeout=120) as answer:  # noqa: S310 - our own address
            return dict(json.load(answer))

    def receipts_ns(self) -> list[int]:
        """Monotonic receipt times of all accepted mails, in the order of the ledger."""
        with urllib.request.urlopen(self.management + "/ledger", timeout=120) as answer:  # noqa: S310 - our own address
            return [line["mono_ns"] for line in map(json.loads, answer) if line["kind"] == "accepted"]


@dataclass(slots=True)
class Spent:
    """Filled when the measured block ends."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def measure(process: psutil.Process) -> Iterator[Spent]:
    """Wall clock and the process's CPU time in the block."""
    spent = Spent()
    began_s, began_cpu_s = time.perf_counter(), sum(process.cpu_times()[:2])
    yield spent
    spent.wall_s = time.perf_counter() - began_s
    spent.cpu_s = sum(process.cpu_times()[:2]) - began_cpu_s


@contextmanager
def run_fake(*options: str, full_speed: bool = True) -> Iterator[Fake]:
    """Ledger and validation on; at full speed latency and event delays are off."""
    with tempfile.TemporaryDirectory(prefix="bench-fake-") as folder:
        command = [sys.executable, "-m", "fake_sendgrid", "--port=0", "--management-port=0"]
        command += [f"--data-dir={folder}", f"--api-key={API_KEY}", *(FULL_SPEED if full_speed else ()), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield _reach(process)
            finally:
                process.terminate()


def _reach(process: subprocess.Popen[str]) -> Fake:
    assert process.stdout is not None
    api, management = re.findall(r"http://\S+:\d+", process.stdout.readline())
    wire = psutil.Process(process.pid)
    office = _wait_for(wire.children)[0]
    fake = Fake(wire, office, int(api.rpartition(":")[2]), management)
    _wait_for(lambda: _is_ready(fake))
    return fake


def _is_ready(fake: Fake) -> bool:
    try:
        return bool(fake.ask("/healthz")["ok"])
    except OSError:
        return False


def _wait_for(find: Callable[[], T]) -> T:
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s:
        found = find()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"the fake was not ready within {READY_S:g} s")
