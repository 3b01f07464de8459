"""The Promela model of the sending protocol, searched to its end by spin; broken models must end in an error."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from missing import go_without

pytestmark = pytest.mark.integration

MODEL = Path(__file__).parents[3] / "docs" / "model" / "send.pml"
MEMORY_MIB = 2_000
SEARCH_S = 240


@pytest.fixture(autouse=True)
def _tools() -> None:
    for tool in ("spin", "gcc"):
        if shutil.which(tool) is None:
            go_without(f"{tool} is not on PATH (Debian: apt-get install spin gcc)")


def search(folder: Path, *defines: str, depth: int = 10_000, optimize: str) -> str:
    """What the verifier made of the model prints after its search."""
    flags = [f"-D{define}" for define in defines]
    for command, limit_s in (
        (["spin", *flags, "-a", str(MODEL)], 60),
        (["gcc", "-w", optimize, "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MIB}", "-o", "pan", "pan.c"], 120),
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=limit_s)
    command = ["./pan", f"-m{depth}", "-w22"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=SEARCH_S)
    return done.stdout


@pytest.mark.timeout(480)
def test_no_order_of_steps_breaks_the_protocol(tmp_path: Path) -> None:
    found = search(tmp_path, optimize="-O2")  # compiles longer, and halves millions of steps
    print(found)  # noqa: T201  # pytest shows it when the test fails
    assert "Full statespace search" in found
    assert "Search not completed" not in found
    assert "max search depth too small" not in found
    assert "errors: 0" in found
    states = re.search(r"(\d+) states, stored", found)
    assert states
    assert int(states[1]) > 1_000_000


@pytest.mark.parametrize(
    "mutant",
    [
        "RESEND_UNKNOWN",
        "RESEND_AMBIGUOUS",
        "INTENT_AFTER_POST",
        "NO_LATE_CHECK",
        "IGNORE_INBOX",
        "NO_FENCE",
        "NO_SWEEP",
    ],
)
def test_a_broken_protocol_is_found_out(tmp_path: Path, mutant: str) -> None:
    found = search(tmp_path, mutant, optimize="-O0")
    assert "assertion violated" in found, found
