"""The history has one line a run, survives broken lines, and knows the trend of a profile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from slo_reports import history

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def line(run_id: str, *, profile: str = "smoke", verdict: str = "met", minute: int = 0) -> dict[str, Any]:
    started = f"2026-11-21T12:{minute:02}:00+00:00"
    return {"run_id": run_id, "profile": profile, "started": started, "verdict": verdict, "numbers": {}}


def test_a_file_that_is_not_there_is_an_empty_history(tmp_path: Path) -> None:
    known = history.read(tmp_path / "history.jsonl")

    assert (known.lines, known.warnings) == ([], [])


def test_a_run_that_is_judged_again_replaces_its_line(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history.remember(line("a"), path=path)
    history.remember(line("b", minute=1), path=path)
    once = path.read_text()
    history.remember(line("a"), path=path)

    assert path.read_text() == once
    history.remember(line("a", verdict="missed"), path=path)
    assert [(each["run_id"], each["verdict"]) for each in history.read(path).lines] == [("a", "missed"), ("b", "met")]


def test_runs_stand_in_the_order_of_their_start(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history.remember(line("later", minute=30), path=path)
    history.remember(line("earlier", minute=10), path=path)

    assert [each["run_id"] for each in history.read(path).lines] == ["earlier", "later"]


@pytest.mark.parametrize("broken", ['{"run_id": "cut o', '{"profile": "smoke"}', "[]", "\x00"])
def test_a_broken_line_is_reported_and_kept(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(f"{json.dumps(line('a'))}\n{broken}\n")

    known = history.remember(line("b", minute=1), path=path)

    assert known.warnings == ["history.jsonl line 2 is no run: correct or delete it"]
    assert [each["run_id"] for each in history.read(path).lines] == ["a", "b"]
    assert broken in path.read_text()


def test_the_trend_is_the_last_ten_runs_of_the_same_profile() -> None:
    runs = [line(f"full-{n}", profile="full", minute=n) for n in range(12)]
    known = history.History(lines=[*runs, line("smoke", minute=50)])

    assert [each["run_id"] for each in history.trend(known, profile="full")] == [f"full-{n}" for n in range(2, 12)]


def test_the_trend_of_an_older_run_ends_with_it() -> None:
    known = history.History(lines=[line("a"), line("b", minute=1), line("c", minute=2)])

    assert [each["run_id"] for each in history.trend(known, profile="smoke", until="b")] == ["a", "b"]
    assert [each["run_id"] for each in history.trend(known, profile="smoke", until="elsewhere")] == ["a", "b", "c"]
