"""Migrations run while workers work: nothing in them may lock those out, or take away what the last version uses."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "system/storage/migrations"
REVISIONS = sorted((MIGRATIONS / "versions").glob("*.py"))
SQUAWK = [str(Path(sys.executable).with_name("squawk")), "--config", str(MIGRATIONS / "squawk.toml"), "--reporter=gcc"]
ONLY_STEP = 'op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))'


def lint(*files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SQUAWK, *files], cwd=ROOT, capture_output=True, text=True, check=False)


def test_no_revision_keeps_running_workers_from_working() -> None:
    done = lint(*(path.with_suffix(".sql") for path in REVISIONS))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("revision", REVISIONS, ids=lambda path: path.stem)
def test_a_revision_is_its_sql_file_so_that_the_lint_sees_all_of_it(revision: Path) -> None:
    [upgrade] = [
        node
        for node in ast.parse(revision.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    ]
    assert [ast.unparse(line) for line in upgrade.body] == [ast.unparse(ast.parse(ONLY_STEP))]


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE users ADD COLUMN phone TEXT NOT NULL;", "adding-required-field"),
        ("ALTER TABLE users ALTER COLUMN name SET NOT NULL;", "adding-not-nullable-field"),
        ("CREATE INDEX ix_users_name ON users (name);", "require-concurrent-index-creation"),
        ("ALTER TABLE users RENAME COLUMN name TO called;", "renaming-column"),
        ("ALTER TABLE users DROP COLUMN name;", "ban-drop-column"),
        ("DROP TABLE orders;", "ban-drop-table"),
        ("ALTER TABLE orders ALTER COLUMN user_id TYPE INT;", "changing-column-type"),
        ("ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);", "constraint-missing-not-valid"),
    ],
)
def test_the_lint_finds_what_must_not_be(tmp_path: Path, statement: str, rule: str) -> None:
    file = tmp_path / "0099_bad.sql"
    file.write_text(statement)
    done = lint(file)
    assert done.returncode != 0
    assert rule in done.stdout
