"""Fixtures of the tests that break things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from supervised import supervised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack.supervisor import Supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """Over `worker`, which keeps two children alive, and `counter`, which prints numbers."""
    with supervised(tmp_path) as running:
        yield running
