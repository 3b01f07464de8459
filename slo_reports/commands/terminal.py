"""Where the commands write: as wide as the terminal, and as wide as whole sentences where there is none."""

from __future__ import annotations

from typing import Final

from rich.console import Console

WIDTH: Final = 180


def terminal() -> Console:
    """For what was asked for; problems go to stderr (`errors.tell`)."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)
