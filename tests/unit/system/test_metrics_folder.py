"""Counts of several processes in one folder: added up, kept when a process dies, and its files with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.unit

COUNT = """
import sys
from system.metrics import BATCH_S, MODEL_PROVIDER, SWEEPS
SWEEPS.inc(3)
BATCH_S.labels("send").observe(0.3)
MODEL_PROVIDER.labels("CPUExecutionProvider").set(1)
print("counted", flush=True)
sys.stdin.read()
"""
SHOW = "import sys; from system.metrics_folder import exposition; sys.stdout.buffer.write(exposition([]))"


def start(folder: Path, program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def shown(folder: Path) -> dict[str, float]:
    text, _ = start(folder, SHOW).communicate(timeout=60)
    return {name: float(value) for name, value in re.findall(r"^(steadypost\S+) (\S+)$", text, re.MULTILINE)}


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    processes = [start(tmp_path / "metrics", COUNT) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def test_counts_of_living_and_dead_processes_are_added_up(
    tmp_path: Path, counting: list[subprocess.Popen[str]]
) -> None:
    folder = tmp_path / "metrics"
    assert shown(folder)["steadypost_sweeps_total"] == 6
    counting[0].kill()
    counting[0].wait(timeout=10)
    after = shown(folder)
    assert after["steadypost_sweeps_total"] == 6
    assert after['steadypost_batch_duration_seconds_count{step="send"}'] == 2
    assert after['steadypost_batch_duration_seconds_bucket{le="0.25",step="send"}'] == 0
    assert after['steadypost_batch_duration_seconds_bucket{le="+Inf",step="send"}'] == 2


def test_what_processes_are_ends_with_them(tmp_path: Path, counting: list[subprocess.Popen[str]]) -> None:
    name = 'steadypost_model_provider{provider="CPUExecutionProvider"}'
    assert shown(tmp_path / "metrics")[name] == 2
    counting[0].kill()
    counting[0].wait(timeout=10)
    assert shown(tmp_path / "metrics")[name] == 1
    counting[1].kill()
    counting[1].wait(timeout=10)
    assert name not in shown(tmp_path / "metrics")


def test_files_of_the_dead_do_not_pile_up(tmp_path: Path, counting: list[subprocess.Popen[str]]) -> None:
    folder = tmp_path / "metrics"
    for process in counting:
        process.kill()
        process.wait(timeout=10)
    for _ in range(3):
        assert shown(folder)["steadypost_sweeps_total"] == 6
    pids = {str(process.pid) for process in counting}
    assert [file.name for file in folder.glob("*.db") if file.stem.rpartition("_")[2] in pids] == []
    assert len(list(folder.glob("*.db"))) <= 4  # two ledgers, and the two files of the last process that looked


def test_scrapes_at_the_same_time_count_nobody_twice(tmp_path: Path, counting: list[subprocess.Popen[str]]) -> None:
    folder = tmp_path / "metrics"
    counting[0].kill()
    counting[0].wait(timeout=10)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: shown(folder)["steadypost_sweeps_total"], range(3)))
    assert found == [6, 6, 6]


def test_what_nobody_has_counted_is_listed_all_the_same(tmp_path: Path) -> None:
    text, _ = start(tmp_path / "metrics", SHOW).communicate(timeout=60)
    assert "# TYPE steadypost_send_attempts_total counter" in text
    assert "# TYPE steadypost_permit_wait_seconds histogram" in text
