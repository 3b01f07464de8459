"""What every experiment must say of itself, and that no row of the fault matrix is forgotten."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_args

import pytest

import chaos.experiments
from chaos.experiment import Dependency, Expected, Needs, Rank, Trouble
from chaos.experiments import CONTROL, all_experiments, source_of
from chaos.toxiproxy.links import LINKS
from chaos.uncovered import UNCOVERED
from slo_reports.expected import Expected as Judged
from slo_reports.trials.trial import CHECKS

pytestmark = pytest.mark.unit

EXPERIMENTS = list(all_experiments().values())
SOAK = "F38"
PROJECT = Path(chaos.experiments.__file__).parents[2]


def test_every_row_of_the_matrix_is_shown_or_says_why_not() -> None:
    shown = {experiment.fault for experiment in EXPERIMENTS} | {row.fault for row in UNCOVERED} | {SOAK}
    assert shown == {f"F{number:02d}" for number in range(45)}


def test_what_every_change_must_survive_is_the_first_seventeen_rows() -> None:
    first = {experiment.fault for experiment in EXPERIMENTS if experiment.rank is Rank.P0}
    assert first == {f"F{number:02d}" for number in range(17)}


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_an_experiment_says_what_a_user_would_lose_in_one_sentence(experiment: chaos.experiment.Experiment) -> None:
    for told in (experiment.loses, experiment.why, experiment.notices):
        assert told.endswith("."), told
    assert experiment.dependency in get_args(Dependency)
    assert experiment.trouble in get_args(Trouble)
    assert experiment.users == 1_000
    assert set(experiment.invariants) <= {check.id for check in CHECKS}
    assert set(experiment.needs.links) <= {link.name for link in LINKS}


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_an_experiment_stands_in_the_file_of_its_row(experiment: chaos.experiment.Experiment) -> None:
    source = PROJECT / source_of(experiment.name)
    assert source.exists()
    assert source.name.startswith(experiment.fault.lower())


def test_only_the_control_has_no_fault_to_be_seen() -> None:
    assert [one.name for one in EXPERIMENTS if "I17" not in one.invariants] == [CONTROL]


def test_the_judge_knows_every_expectation() -> None:
    assert {field.name for field in dataclasses.fields(Expected)} == {f.name for f in dataclasses.fields(Judged)}


def test_equal_needs_share_a_stack() -> None:
    assert Needs(clock_of=("web",)).key == Needs(clock_of=("web",)).key
    assert Needs(clock_of=("web",)).key != Needs().key
    assert Needs().are_usual
