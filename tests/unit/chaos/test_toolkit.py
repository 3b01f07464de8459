"""Experiments in the format of Chaos Toolkit, by its own validator."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from chaoslib.experiment import ensure_experiment_is_valid

from chaos.experiments import all_experiments
from chaos.toolkit import as_chaos_toolkit

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", list(all_experiments()))
def test_chaos_toolkit_takes_every_experiment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The validator looks for the program.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    exported = as_chaos_toolkit(all_experiments()[name], seed=7)
    ensure_experiment_is_valid(exported)
    assert exported["method"][0]["provider"]["arguments"] == f"chaos run {name} --seed 7"
