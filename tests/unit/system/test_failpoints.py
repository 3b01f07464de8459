from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from stack.readiness import NotReadyError, wait_until_ready
from system import failpoints
from system.failpoints import Failpoint, FailpointError, reach

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

SYSTEM = Path(__file__).parents[3] / "system"
PASSES = """
import sys
from pathlib import Path
from system import failpoints
failpoints.watch(Path(sys.argv[1]))
for _ in range(3):
    failpoints.reach("after_intent")
    print("passed", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    failpoints.watch(tmp_path)
    yield tmp_path
    failpoints.watch(None)


def order(folder: Path, name: str, **what: Any) -> None:
    (folder / name).write_text(json.dumps({"after": 0, **what}))


def test_without_a_folder_nothing_happens(tmp_path: Path) -> None:
    order(tmp_path, "after_intent", do="raise")
    failpoints.watch(None)
    reach("after_intent")
    assert (tmp_path / "after_intent").exists()


def test_without_an_order_nothing_happens(folder: Path) -> None:
    reach("after_intent")
    assert list(folder.iterdir()) == []


def test_an_order_is_obeyed_at_its_place_and_only_once(folder: Path) -> None:
    order(folder, "after_intent", do="raise")
    reach("before_intent")
    with pytest.raises(FailpointError, match="after_intent"):
        reach("after_intent")
    reach("after_intent")
    assert [path.name for path in folder.iterdir()] == [f"after_intent.{os.getpid()}"]


def test_an_order_may_let_some_pass_first(folder: Path) -> None:
    order(folder, "after_page", do="raise", after=2)
    reach("after_page")
    reach("after_page")
    with pytest.raises(FailpointError):
        reach("after_page")


def test_a_killed_process_dies_exactly_there_and_its_successor_lives(tmp_path: Path) -> None:
    order(tmp_path, "after_intent", do="kill", after=1)
    command = [sys.executable, "-c", PASSES, str(tmp_path)]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (first.returncode, first.stdout) == (-9, "passed\n")
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout) == (0, "passed\n" * 3)


def test_of_several_processes_one_obeys(tmp_path: Path) -> None:
    order(tmp_path, "after_intent", do="kill")
    command = [sys.executable, "-c", PASSES, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert sorted(process.wait(timeout=30) for process in running) == [-9, 0, 0, 0]


def test_who_holds_goes_on_when_told(folder: Path) -> None:
    order(folder, "before_record", do="hold")
    held = threading.Thread(target=reach, args=("before_record",), daemon=True)
    held.start()
    mark = folder / f"before_record.{os.getpid()}"

    def check() -> None:
        if not mark.exists():
            raise NotReadyError("not reached")

    wait_until_ready(check, what="the place", deadline_s=10)
    held.join(timeout=0.1)
    assert held.is_alive()
    mark.unlink()
    held.join(timeout=10)
    assert not held.is_alive()


def test_every_place_is_reached_by_exactly_one_line_of_the_product() -> None:
    found = subprocess.run(
        ["grep", "-rhoE", r'reach\("[a-z_]+"\)', "system"], capture_output=True, text=True, check=True
    )
    assert sorted(found.stdout.split()) == sorted(f'reach("{name}")' for name in get_args(Failpoint))
