"""The experiments by name: every module here holds one, or several that differ in one word."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from chaos.experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTROL = "control"


@cache
def all_experiments() -> Mapping[str, Experiment]:
    """By name, in the order of the fault matrix."""
    found = [
        (experiment, module)
        for module in pkgutil.iter_modules(__path__)
        for experiment in _experiments_in(f"{__name__}.{module.name}")
    ]
    ordered = sorted(found, key=lambda one: (one[0].fault, one[0].rank, one[0].name))
    return {experiment.name: experiment for experiment, _ in ordered}


@cache
def source_of(name: str) -> str:
    """The file of an experiment, within the project."""
    for module in pkgutil.iter_modules(__path__):
        if any(experiment.name == name for experiment in _experiments_in(f"{__name__}.{module.name}")):
            return f"chaos/experiments/{module.name}.py"
    raise KeyError(name)


def _experiments_in(module_name: str) -> tuple[Experiment, ...]:
    module = importlib.import_module(module_name)
    experiments: tuple[Experiment, ...] = module.EXPERIMENTS
    assert all(isinstance(experiment, Experiment) for experiment in experiments), module_name
    return experiments
