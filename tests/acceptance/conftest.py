"""The system under acceptance: one stack for the whole folder, since starting it takes longest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mailing import USERS, Mailing

from chaos.laboratory import SETTINGS
from stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def mailing(tmp_path_factory: pytest.TempPathFactory, server_folder: Path) -> Iterator[Mailing]:
    stack = Stack("acceptance", root=server_folder / "stacks", overrides=SETTINGS)
    with stack:
        mailing = Mailing(stack, tmp_path_factory.mktemp("runs"))
        mailing.steadypost("population", "generate", "--users", str(USERS), "--products", "200", "--seed", "7")
        mailing.steadypost("model", "train")
        yield mailing
