"""`slo run`: records a run and judges it, which is what `steadypost slo-test` does."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import typer  # noqa: TC002  # typer reads the annotation

PASSED_ON: Final[dict[str, Any]] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],  # --help as well
}


def run(context: typer.Context) -> None:
    """Record a run and judge it: the same as `steadypost slo-test`, whose options it takes (--profile, --seed)."""
    # By name: reports are read where nothing can be recorded, so this package must not import what records.
    program = str(Path(sys.executable).with_name("steadypost"))
    os.execv(program, [program, "slo-test", *context.args])  # noqa: S606  # no shell: the program takes over
