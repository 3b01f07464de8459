"""The live view's reading of a history that others still write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.story import Story
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

OUTAGE = {"fault": "F01", "name": "provider_outage"}


def a_line(run: RunFolder, f: str, kind: str, at: float, **value: object) -> None:
    run.append(run_folder.HISTORY, {"at": at, "actor": "x", "type": kind, "f": f, "value": value, "error": None})


def test_a_fault_in_force_is_the_phase(tmp_path: Path) -> None:
    run, story = RunFolder(tmp_path), Story(tmp_path)
    a_line(run, "inject", "invoke", 100.0, **OUTAGE, for_s=20)
    story.read_on()
    assert story.phase(at=105.0) == "outage: provider_outage, 15 s to go"
    assert story.outage_left_s(at=105.0) == 15.0


def test_a_healed_fault_is_followed_by_recovery(tmp_path: Path) -> None:
    run, story = RunFolder(tmp_path), Story(tmp_path)
    a_line(run, "inject", "invoke", 100.0, **OUTAGE, for_s=20)
    story.read_on()
    a_line(run, "heal", "ok", 120.0, **OUTAGE)
    story.read_on()
    assert story.phase(at=121.0) == "recovery"
    assert story.outage_left_s(at=121.0) == 0.0


def test_a_line_that_is_not_complete_yet_is_read_the_next_time(tmp_path: Path) -> None:
    run, story = RunFolder(tmp_path), Story(tmp_path)
    a_line(run, "phase", "ok", 1.0, phase="final read")
    whole = (tmp_path / run_folder.HISTORY).read_bytes()
    (tmp_path / run_folder.HISTORY).write_bytes(whole[:20])
    story.read_on()
    assert story.phase(at=1.0) == "sending"
    (tmp_path / run_folder.HISTORY).write_bytes(whole)
    story.read_on()
    assert story.phase(at=1.0) == "final read"


def test_no_history_yet_is_the_beginning(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.read_on()
    assert story.phase(at=0.0) == "sending"
