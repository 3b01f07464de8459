"""A supervisor over a few small programs, and waiting for what they do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stack.processes import MARK, end_processes
from stack.programs import Program
from stack.readiness import NotReadyError, wait_until_ready
from stack.supervisor import Supervisor
from stack.supervisor_config import write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CHILD = "import time; time.sleep(600)"
WORKER = f"""
import subprocess, sys, time
children = [subprocess.Popen([sys.executable, "-c", {CHILD!r}]) for _ in range(2)]
while True:
    for at, child in enumerate(children):
        if child.poll() is not None:
            children[at] = subprocess.Popen([sys.executable, "-c", {CHILD!r}])
    time.sleep(0.05)
"""
COUNTER = """
import itertools, time
for number in itertools.count():
    print(number, flush=True)
    time.sleep(0.02)
"""
CLOCK = """
import time
while True:
    print(time.time(), time.monotonic(), flush=True)
    time.sleep(0.05)
"""


def wait_for(happened: Callable[[], bool], what: str, *, deadline_s: float = 20.0) -> None:
    """Return when it has happened."""

    def check() -> None:
        if not happened():
            raise NotReadyError("not yet")

    wait_until_ready(check, what=what, deadline_s=deadline_s)


@contextmanager
def supervised(folder: Path, *, clock: Mapping[str, str] | None = None) -> Iterator[Supervisor]:
    """`worker` keeps two children alive, `counter` prints numbers; both run.

    With variables for a clock, `clock` runs as well and prints wall and monotonic time.
    """
    programs = [_program(folder, "worker", WORKER), _program(folder, "counter", COUNTER)]
    if clock is not None:
        programs.append(_program(folder, "clock", CLOCK, environment=clock))
    made = Supervisor(config=folder / "supervisord.conf", socket_path=folder / "s.sock")
    write_config(
        made.config,
        programs,
        socket_path=made.socket_path,
        pid_file=folder / "supervisord.pid",
        logs=folder,
        user="root" if os.geteuid() == 0 else None,
    )
    try:
        made.launch(env={**os.environ, MARK: str(folder)})
        for program in programs:
            made.start(program.name)
        wait_for(lambda: len(made.children("worker")) == 2, "the children")
        yield made
    finally:
        end_processes(folder, last=(), grace_s=5)  # one that starts just then may miss the signal


def _program(folder: Path, name: str, text: str, **more: Any) -> Program:
    path = folder / f"{name}.py"
    path.write_text(text)
    return Program(name=name, command=[sys.executable, str(path)], folder=folder, start_s=0, **more)


@dataclass(frozen=True)
class FakeProvider:
    """Where a fake provider listens, and the key that it takes."""

    api: str
    management: str
    api_key: str


@contextmanager
def fake_provider(folder: Path) -> Iterator[FakeProvider]:
    """The provider's stand-in in a process of its own, at full speed, which posts its events to nobody."""
    key = "SG.tests.tests"
    command = [*(sys.executable, "-m", "fake_sendgrid", "--port=0", "--management-port=0"), "--full-speed"]
    command += [f"--data-dir={folder}", f"--api-key={key}", "--webhook-url=http://127.0.0.1:9/nobody"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            api, management = re.findall(r"http://[\d.]+:\d+", process.stdout.readline())
            wait_for(lambda: _answers(f"{management}/healthz"), "the fake")
            yield FakeProvider(api, management, key)
        finally:
            process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False
