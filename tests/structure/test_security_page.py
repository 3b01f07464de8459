"""docs/security.md names tests that exist, and at least one for each threat."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
CITED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
THREATS = [line for line in PAGE.splitlines() if re.match(r"\| [1-6] \|", line)]


@pytest.mark.parametrize(("path", "name"), CITED, ids=[name for _, name in CITED])
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_threat_has_a_test() -> None:
    assert len(THREATS) > 15
    assert [line for line in THREATS if "::test_" not in line] == []


def test_every_border_has_a_threat() -> None:
    assert {line[2] for line in THREATS} == set("123456")
