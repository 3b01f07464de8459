"""The systemd units: read by systemd itself, and hardened."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from system.tasks.queues import QueueName

pytestmark = pytest.mark.integration
FOLDER = Path(__file__).parents[3] / "deploy" / "systemd"
SERVICES = sorted(path.name for path in FOLDER.glob("*.service"))
MOST_EXPOSED = 2.0
"""Of ten, as `systemd-analyze security` counts; an ordinary unit has more than nine."""


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Copies whose programs exist: the product is not installed where tests run."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for unit in FOLDER.iterdir():
        (tmp_path / unit.name).write_text(re.sub(r"=/opt/steadypost/\.venv/bin/\w+", "=/bin/true", unit.read_text()))
    return tmp_path


def test_systemd_understands_every_unit(units: Path) -> None:
    command = ["systemd-analyze", "verify", *map(str, units.iterdir())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_taken_over_can_do_little(units: Path, service: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", str(units / service)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert level is not None
    assert float(level[1]) < MOST_EXPOSED, said


def test_the_target_wants_a_worker_for_every_queue() -> None:
    target = (FOLDER / "steadypost.target").read_text()
    assert set(re.findall(r"steadypost-worker@(\w+)\.service", target)) == set(QueueName)
