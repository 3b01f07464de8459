"""Suites that were recorded one after the other, as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from slo_reports.trials.filled import filled
from slo_reports.trials.joined import join, joined_facts
from slo_reports.trials.limits import limits_of
from slo_reports.trials.suite import SuiteFolder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def a_suite(started: str, *names: str, **more: Any) -> dict[str, Any]:
    return {
        "schema": "steadypost-chaos/1",
        "run_id": started,
        "command": f"run {started}",
        "seed": 1,
        "state": "finished",
        "started": f"2026-11-21T{started}:00:00+00:00",
        "finished": f"2026-11-21T{started}:30:00+00:00",
        "control": None,
        "experiments": [
            {"name": name, "fault": "F09", "title": started, "outcome": "held", "run": name} for name in names
        ],
        "mutants": [],
        "soak": None,
        **more,
    }


def test_of_an_experiment_that_was_recorded_twice_the_last_counts() -> None:
    joined = joined_facts([a_suite("12", "redis-flushed"), a_suite("10", "redis-flushed", "redis-killed")])
    assert [(one["name"], one["title"]) for one in joined["experiments"]] == [
        ("redis-flushed", "12"),
        ("redis-killed", "10"),
    ]
    assert joined["command"] == "run 10; run 12"
    assert (joined["started"], joined["finished"]) == ("2026-11-21T10:00:00+00:00", "2026-11-21T12:30:00+00:00")


def test_mutants_and_the_soak_stand_beside_the_experiments() -> None:
    mutants = [
        {"name": name, "title": "t", "expected": ["I1"], "caught": ["I1"], "outcome": "caught"}
        for name in ("M10", "M2")
    ]
    soak = {"minutes": 60, "seed": 1, "cycles": [], "faults": 0, "shrunk": None}
    parts = [a_suite("10", "control", control="control"), a_suite("11", mutants=mutants), a_suite("12", soak=soak)]
    joined = joined_facts(parts)
    assert [mutant["name"] for mutant in joined["mutants"]] == ["M2", "M10"]
    assert (joined["control"], joined["soak"]) == ("control", soak)


def test_what_was_interrupted_is_not_finished_by_another() -> None:
    assert joined_facts([a_suite("10"), a_suite("11", state="interrupted")])["state"] == "interrupted"


def test_run_folders_are_linked_from_the_joined_suite(tmp_path: Path) -> None:
    first = SuiteFolder(tmp_path / "first")
    first.write(a_suite("10", "redis-flushed", "redis-killed"))
    (first.path / "redis-flushed").mkdir()
    (first.path / "redis-flushed" / "run.json").write_text("{}")
    joined = join([first], tmp_path / "deep" / "all")
    assert joined.read()["run_id"] == "all"
    assert (joined.path / "redis-flushed" / "run.json").read_text() == "{}"
    assert not (joined.path / "redis-killed").exists()
    assert join([first], joined.path).read() == joined.read()


def test_the_report_says_that_its_parts_are_of_several_commits() -> None:
    clean = {"sha": "a" * 40, "dirty": False}
    parts = [a_suite("10", git=clean), a_suite("11", git=clean), a_suite("12", git={"sha": "b" * 40, "dirty": True})]
    limits = limits_of(filled(joined_facts(parts)))
    assert "It joins suites of 2 commits (aaaaaaa, bbbbbbb and changes): none of them was tried as a whole." in limits
    assert not [limit for limit in limits_of(filled(joined_facts(parts[:2]))) if "joins" in limit]
