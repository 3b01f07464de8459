from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from supervised import wait_for

from chaos.injectors.process import family_of
from chaos.injectors.resources import Exhausted, Starved

if TYPE_CHECKING:
    from stack.supervisor import Supervisor

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("resource", "kind"), [("memory", psutil.RLIMIT_AS), ("descriptors", psutil.RLIMIT_NOFILE)])
def test_every_process_is_limited_until_it_is_healed(supervisor: Supervisor, resource: Any, kind: int) -> None:
    exhausted = Exhausted(supervisor=supervisor, program="worker", resource=resource, room=4)
    family = family_of(supervisor, "worker")
    usual = [process.rlimit(kind) for process in family]
    assert not exhausted.look()
    exhausted.inject()
    assert exhausted.look()
    assert all(process.rlimit(kind)[0] < soft or soft == -1 for process, (soft, _) in zip(family, usual, strict=True))
    exhausted.heal()
    assert not exhausted.look()
    assert [process.rlimit(kind) for process in family] == usual
    exhausted.heal()


def test_a_process_without_memory_can_not_allocate() -> None:
    hungry = "import sys; sys.stdin.read(1); bytearray(200_000_000)"
    with subprocess.Popen(
        [sys.executable, "-c", hungry], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        exhausted = Exhausted(supervisor=Only(process.pid), program="any", resource="memory", room=50)  # type: ignore[arg-type]  # asks for its process only
        exhausted.inject()
        _, errors = process.communicate("x", timeout=30)
    assert "MemoryError" in errors
    assert exhausted.look()
    exhausted.heal()


class Only:
    """A supervisor of one process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def pid(self, _name: str) -> int:
        return self._pid


def test_busy_loops_keep_every_processor_until_they_are_ended() -> None:
    starved = Starved(loops_per_core=1)
    assert not starved.look()
    starved.inject()
    try:
        wait_for(starved.look, "processor time for the loops")
    finally:
        starved.heal()
    assert not starved.look()
    starved.heal()


def test_a_loop_that_somebody_has_ended_is_noticed_and_disturbs_no_healing() -> None:
    starved = Starved(loops_per_core=1)
    starved.inject()
    try:
        starved._loops[0].kill()
        starved._loops[0].wait(timeout=10)
        assert not starved.look()
    finally:
        starved.heal()
