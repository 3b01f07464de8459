"""What a suite writes down while its experiments run, end early, or find no time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from chaos.bench import Bench
from chaos.experiments import all_experiments
from chaos.suite import Suite
from slo_reports.trials.suite import SuiteFolder
from slo_reports.trials.trial import Outcome, Trial

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.experiment import Experiment

pytestmark = pytest.mark.unit

NAMES = ["control", "clock-jumps-ahead", "redis-flushed", "redis-killed"]


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the experiments in the order in which they were carried out; each is held, on no stack at all."""
    names: list[str] = []

    def trial(bench: Bench, experiment: Experiment) -> Trial:
        names.append(experiment.name)
        assert bench.control_rate == (None if experiment.name == "control" else 98.5)
        return Trial(outcome=Outcome.HELD, numbers={"best_rate": 98.5})

    monkeypatch.setattr(Bench, "trial", trial)
    return names


def suite_of(path: Path, *, within_s: float | None = None) -> Suite:
    experiments = [all_experiments()[name] for name in NAMES]
    console = Console(file=io.StringIO())
    return Suite(
        folder=SuiteFolder(path), experiments=experiments, seed=1, command="test", console=console, within_s=within_s
    )


def test_the_control_run_is_first_and_other_stacks_are_last(tmp_path: Path, carried_out: list[str]) -> None:
    facts = suite_of(tmp_path).run()
    assert carried_out == ["control", "redis-flushed", "redis-killed", "clock-jumps-ahead"]
    assert [one["name"] for one in facts["experiments"]] == NAMES
    assert {one["outcome"] for one in facts["experiments"]} == {"held"}
    assert facts["control"] == "control"
    assert facts["state"] == "finished"


@pytest.mark.usefixtures("carried_out")
def test_what_finds_no_time_is_not_run_and_says_so(tmp_path: Path) -> None:
    facts = suite_of(tmp_path, within_s=-1.0).run()
    assert {(one["outcome"], one["reason"]) for one in facts["experiments"]} == {("not run", "no time was left")}


def test_after_ctrl_c_what_was_done_stands_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trial(_: Bench, experiment: Experiment) -> Trial:
        if experiment.name == "redis-killed":
            raise KeyboardInterrupt
        return Trial(outcome=Outcome.HELD)

    monkeypatch.setattr(Bench, "trial", trial)
    facts = suite_of(tmp_path).run()
    assert facts["state"] == "interrupted"
    outcomes = {one["name"]: one["outcome"] for one in facts["experiments"]}
    assert outcomes == {
        "control": "held",
        "redis-flushed": "held",
        "redis-killed": "not run",
        "clock-jumps-ahead": "not run",
    }
    assert SuiteFolder(tmp_path).read() == facts
