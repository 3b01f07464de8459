from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from supervised import supervised, wait_for

from chaos.fault import NotPossibleHereError
from chaos.injectors import clock
from chaos.injectors.clock import ClockJump, clock_variables, find_library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def jump(tmp_path: Path) -> Iterator[ClockJump]:
    """Of two hours, in a program that prints its time."""
    try:
        variables = clock_variables(tmp_path / "clock-control")
    except NotPossibleHereError as exc:
        pytest.skip(str(exc))
    with supervised(tmp_path, clock=variables) as supervisor:
        yield ClockJump(supervisor=supervisor, program="clock", control=tmp_path / "clock-control", by_s=7200)


def last_times(jump: ClockJump) -> tuple[float, float]:
    """How far the program's wall clock is ahead of ours, and its monotonic clock."""
    lines = jump.supervisor.config.with_name("clock.log").read_text().splitlines()
    wall, monotonic = (float(word) for word in lines[-2].split())
    return wall - time.time(), monotonic - time.monotonic()


def test_a_program_lives_in_another_hour_and_comes_back(jump: ClockJump) -> None:
    wait_for(lambda: jump.supervisor.config.with_name("clock.log").read_text().count("\n") > 2, "its first words")
    pid = jump.supervisor.pid("clock")
    assert not jump.look()
    jump.inject()
    assert jump.look()
    wait_for(lambda: last_times(jump)[0] > 7000, "the jump")
    assert abs(last_times(jump)[1]) < 60
    jump.heal()
    assert not jump.look()
    wait_for(lambda: abs(last_times(jump)[0]) < 60, "the true time")
    jump.heal()
    assert jump.supervisor.pid("clock") == pid


def test_a_program_that_never_got_the_library_is_not_claimed(jump: ClockJump) -> None:
    jump.inject()
    other = ClockJump(supervisor=jump.supervisor, program="counter", control=jump.control, by_s=7200)
    assert not other.look()


def test_healing_before_anything_was_prepared_is_harmless(jump: ClockJump, tmp_path: Path) -> None:
    never = tmp_path / "never"
    ClockJump(supervisor=jump.supervisor, program="clock", control=never, by_s=1).heal()
    assert not never.exists()


def test_a_missing_library_is_a_reason_to_skip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clock, "FOLDERS", (str(tmp_path),))
    with pytest.raises(NotPossibleHereError, match=r"no libfaketimeMT.so.1 in .*apt-get install faketime"):
        find_library()
