"""A synthetic run: repeatable by its seed, complete, and as large as asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.synthetic_run import write_run
from slo_reports.run_folder import LEDGER, LINE_FILES, RunFolder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def written(path: Path, *, seed: int = 1) -> RunFolder:
    folder = RunFolder(path)
    write_run(folder, users=300, seed=seed)
    return folder


def test_the_same_seed_writes_the_same_run(tmp_path: Path) -> None:
    first, again, other = (written(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert first.facts()["files"] == again.facts()["files"]
    assert first.facts()["files"][LEDGER] != other.facts()["files"][LEDGER]


def test_every_line_file_is_there_and_sealed(tmp_path: Path) -> None:
    folder = written(tmp_path / "run")
    sealed = folder.facts()["files"]
    assert set(sealed) == set(LINE_FILES)
    assert sealed["jobs.jsonl"]["lines"] == 300
    assert all(file["lines"] for file in sealed.values())
