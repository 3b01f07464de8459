"""`steadypost slo-test`: record a campaign on a stack of its own, and judge it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from chaos.errors import HarnessError
from chaos.profiles import PROFILES
from chaos.recording import Recording
from slo_reports.run_folder import RunFolder

RUNS: Final = Path("slo_reports/runs")
LATEST: Final = "latest"
HARNESS_ERROR: Final = 4
SEED: Final = 1


def slo_test(
    profile: Annotated[str, typer.Option(help=f"One of {', '.join(PROFILES)}.")] = "full",
    seed: Annotated[int, typer.Option(min=0, help="The same seed invents the same people and the same load.")] = SEED,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack's folder for a look.")] = False,
) -> None:
    """Run a campaign at the provider's rate, with an outage in the middle, and judge it.

    Exits with 0 met, 1 an objective missed, 2 an invariant violated, 3 inconclusive, 4 the harness failed.
    """
    errors = Console(stderr=True)
    if profile not in PROFILES:
        errors.print(f"[red]error:[/] --profile {profile!r} is unknown. Choose one of {', '.join(PROFILES)}.")
        raise typer.Exit(HARNESS_ERROR)
    run = RunFolder(RUNS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{profile}")
    run.path.mkdir(parents=True)
    _point_to(run)
    recording = Recording(run, PROFILES[profile], name=profile, seed=seed, keep=keep, console=Console())
    failure: HarnessError | None = None
    try:
        recording.make()
    except HarnessError as exc:
        failure = exc
    code = _judge(run)
    if failure is not None:
        errors.print(f"[red]error:[/] {escape(str(failure))}", soft_wrap=True)
        errors.print(f"What was recorded: {run.path}")
        raise typer.Exit(HARNESS_ERROR)
    raise typer.Exit(code)


def _judge(run: RunFolder) -> int:
    program = str(Path(sys.executable).with_name("steadypost"))
    return subprocess.run([program, "slo", "judge", str(run.path)], check=False).returncode


def _point_to(run: RunFolder) -> None:
    """`runs/latest` is this one, wholly or not at all."""
    draft = run.path.parent / f".{run.path.name}.link"
    draft.symlink_to(run.path.name)
    draft.replace(run.path.parent / LATEST)
