"""docs/scaling.md shows what its commands print today."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from system.cli import app

pytestmark = pytest.mark.unit
PAGE = Path(__file__).parents[3] / "docs" / "scaling.md"
BLOCKS = re.findall(r"```\n\$ steadypost (plan .*)\n([^`]*)```", PAGE.read_text(encoding="utf-8"))


def test_the_page_shows_commands() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_a_command_prints_what_the_page_shows(command: str, shown: str) -> None:
    done = CliRunner().invoke(app, command.split())
    printed = [line.rstrip() for line in done.output.splitlines()]
    lines = shown.splitlines()
    assert printed[: len(lines)] == lines
