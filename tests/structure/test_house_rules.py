"""The rules that hold in every folder: small files that say what they know, and borders between the packages."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from stack.programs import PROCESSES
from system.states import TRANSITIONS, JobState
from system.tasks.queues import QueueName

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PACKAGES = ("system", "fake_sendgrid", "loadtests", "chaos", "slo_reports", "stack")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAX_LINES = 300
VAGUE = {"utils", "helpers", "common", "base", "constants", "misc"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_package_is_looked_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PACKAGES)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_small_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_says_in_its_first_line_what_it_knows(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(('"""', "#!")), "no docstring in the first line"
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_named_after_one_idea(path: Path) -> None:
    assert not set(path.with_suffix("").parts) & VAGUE


def test_nine_functions_of_ten_fit_on_a_page() -> None:
    lines = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lines[len(lines) * 9 // 10] <= 25


def test_every_queue_has_a_worker() -> None:
    assert set(PROCESSES) == set(QueueName)


def test_every_state_appears_in_the_table() -> None:
    assert {source for source, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(JobState)


def test_imports_respect_the_borders() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
