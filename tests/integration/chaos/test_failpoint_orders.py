from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from supervised import wait_for

from chaos.injectors.failpoint import AtFailpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

PASSES = """
import sys, time
from pathlib import Path
from system import failpoints
failpoints.watch(Path(sys.argv[1]))
while True:
    failpoints.reach("before_record")
    print("passed", flush=True)
    time.sleep(0.02)
"""


@pytest.fixture
def passing(tmp_path: Path) -> Iterator[psutil.Popen]:
    """A process that comes by again and again."""
    (tmp_path / "log").touch()
    with (tmp_path / "log").open("w") as log:
        process = psutil.Popen([sys.executable, "-c", PASSES, str(tmp_path / "orders")], stdout=log, text=True)
    wait_for(lambda: (tmp_path / "log").stat().st_size > 0, "its first pass")
    yield process
    with suppress(psutil.NoSuchProcess):
        process.kill()
    process.wait()


def at(tmp_path: Path, **more: Any) -> AtFailpoint:
    return AtFailpoint(folder=tmp_path / "orders", place="before_record", **more)


def test_a_process_dies_when_it_comes_by(passing: psutil.Popen, tmp_path: Path) -> None:
    death = at(tmp_path)
    death.heal()
    assert not death.look()
    death.inject()
    wait_for(death.look, "its death")
    assert passing.wait(timeout=20) == -9
    assert death.taken_by() == [passing.pid]
    death.heal()
    assert not death.look()
    death.heal()


@pytest.mark.parametrize("do", ["hold", "stop"])
def test_a_process_waits_until_it_is_healed(passing: psutil.Popen, tmp_path: Path, do: str) -> None:
    wait = at(tmp_path, do=do)
    wait.inject()
    wait_for(wait.look, "it to wait")
    if do == "stop":
        wait_for(lambda: passing.status() == psutil.STATUS_STOPPED, "state T")
    passed = (tmp_path / "log").stat().st_size
    wait.heal()
    assert not wait.look()
    wait_for(lambda: (tmp_path / "log").stat().st_size > passed, "it to go on")


def test_an_order_that_nobody_took_is_withdrawn(tmp_path: Path) -> None:
    death = at(tmp_path)
    death.inject()
    assert not death.look()
    death.heal()
    assert list(death.folder.iterdir()) == []


def test_a_new_order_replaces_an_old_one(tmp_path: Path) -> None:
    at(tmp_path, do="kill").inject()
    at(tmp_path, do="hold", after=7).inject()
    assert (tmp_path / "orders" / "before_record").read_text() == '{"do": "hold", "after": 7}'
