"""`steadypost slo-test` when somebody stops it in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from stack.processes import processes_of
from stack.readiness import NotReadyError, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.acceptance

INCONCLUSIVE = 3


@pytest.fixture
def started(server_folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A smoke run of its own, in a folder of its own."""
    place = server_folder / "slo-test"
    place.mkdir()
    program = Path(sys.executable).with_name("steadypost")
    with (place / "output.txt").open("w") as output:
        process = subprocess.Popen(
            [program, "slo-test", "--profile", "smoke"],
            cwd=place,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={name: value for name, value in os.environ.items() if not name.startswith("STEADYPOST_")},
            start_new_session=True,
            preexec_fn=_hear_ctrl_c,  # noqa: PLW1509  # it does one system call, and no lock is held here
        )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _hear_ctrl_c() -> None:
    """Whoever runs the tests in the background of a shell has them ignore it, and so would the program."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_in_an_outage_heals_stops_everything_and_still_writes_a_report(
    started: subprocess.Popen[bytes], server_folder: Path
) -> None:
    place = server_folder / "slo-test"
    latest = place / "slo_reports/runs/latest"

    def outage() -> None:
        assert started.poll() is None, (place / "output.txt").read_text()[-3000:]
        if '"inject"' not in text_of(latest / run_folder.HISTORY):
            raise NotReadyError("no fault yet")

    wait_until_ready(outage, what="the outage", deadline_s=150)
    os.killpg(started.pid, signal.SIGINT)
    code = started.wait(timeout=120)
    run = RunFolder(latest)
    history = [(line["f"], line["type"]) for line in run.lines(run_folder.HISTORY)]
    stacks = place / ".stack"
    assert code == INCONCLUSIVE, (place / "output.txt").read_text()[-3000:]
    assert run.facts()["state"] == "interrupted"
    assert ("heal", "ok") in history
    assert [*run.lines(run_folder.LEDGER)]
    assert "interrupted" in text_of(latest / "report.html")
    assert not any(processes_of(folder) for folder in stacks.glob("*"))
    assert not [*stacks.glob("*/data")]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
