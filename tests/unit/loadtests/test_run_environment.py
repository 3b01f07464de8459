"""What is written down about a run's surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.environment import measure_noise, read_machine, read_source
from loadtests.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def test_a_machine_names_its_processor_and_the_packages_that_matter() -> None:
    machine = read_machine()
    assert machine["cores"] >= 1
    assert machine["memory_gib"] > 0
    assert machine["packages"]["celery"]


def test_a_tree_without_git_and_lock_is_no_error(tmp_path: Path) -> None:
    assert read_source(tmp_path) == {"git": {"sha": "", "dirty": False}, "lock_sha256": None}


def test_noise_says_how_much_slower_the_slow_rounds_were() -> None:
    noise = measure_noise()
    assert noise["spread"] >= 0
    assert noise["reference_loop_ms"]["min"] <= noise["reference_loop_ms"]["p50"] <= noise["reference_loop_ms"]["p90"]


def test_equal_addresses_get_equal_pseudonyms_whatever_their_case() -> None:
    pseudonym = Pseudonyms()
    assert pseudonym("Ada@Example.com ") == pseudonym("ada@example.com")
    assert pseudonym("ada@example.com") != pseudonym("bob@example.com")
    assert pseudonym(None) is None


def test_pseudonyms_of_two_runs_do_not_match() -> None:
    assert Pseudonyms()("ada@example.com") != Pseudonyms()("ada@example.com")
