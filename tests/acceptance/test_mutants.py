"""A mistake in the product's code turns its rule red on a real stack, and the product without it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from chaos.mutants import all_mutants
from chaos.mutants.table import MutantTable
from slo_reports.trials.suite import SuiteFolder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]


def test_a_mutant_is_caught_and_the_product_is_not(
    server_folder: Path, toxiproxy_program: Path, tmp_path: Path
) -> None:
    assert toxiproxy_program.exists()
    swapped = all_mutants()["M11"]
    table = MutantTable(
        folder=SuiteFolder(tmp_path / "mutants"),
        mutants=[swapped, swapped.disarmed()],
        seed=1,
        command="pytest",
        console=Console(quiet=True),
        root=server_folder / "stacks",
    )
    entries = table.run()["mutants"]
    told = [(entry["name"], entry["outcome"], entry["caught"], entry["reason"]) for entry in entries]
    assert [(entry["outcome"], entry["caught"]) for entry in entries] == [("caught", ["I14"]), ("survived", [])], told
