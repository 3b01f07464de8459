"""The program beside a stack: what is heard when it answers, refuses, or is gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chaos.driver import Driver, DriverError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

NO_SYSTEM = {
    **os.environ,
    "STEADYPOST_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
}


def test_a_driver_that_has_ended_is_named_with_its_log(tmp_path: Path) -> None:
    with Driver(env=NO_SYSTEM, log=tmp_path / "log") as driver:
        with pytest.raises(DriverError, match="has ended; see"):
            driver.order("nonsense")
        with pytest.raises(DriverError):
            driver.order("fresh_audience", since="2026-11-21T00:00:00+00:00")
    assert "STEADYPOST_REDIS_URL" in (tmp_path / "log").read_text()
