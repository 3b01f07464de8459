"""What the tests of the reports share: one browser, and axe-core."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import PROGRAM, Browser, require

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).with_name("axe")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(PROGRAM, "no Chromium is installed")
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    require(shutil.which("npm"), "npm is not installed")
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(FOLDER / name, folder)
    done = subprocess.run(["npm", "ci", "--silent", "--no-audit"], cwd=folder, check=False, timeout=120)
    require(done.returncode == 0, "npm cannot install axe-core (no network?)")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
