"""`steadypost slo-test`: the whole system on this machine, one campaign through it, recorded and judged.

stack up ─▶ population ─▶ model ─▶ campaign, watched and recorded ─▶ stack down ─▶ judge
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from chaos.profiles import PROFILES, Profile
from slo_reports import run_folder
from slo_reports.run_folder import RunFolder
from stack.errors import StackError
from stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUNS = Path("slo_reports/runs")
HARNESS_ERROR = 4
SEED = 1


def slo_test(
    profile: Annotated[str, typer.Option(help=f"One of {', '.join(PROFILES)}.")] = "full",
    seed: Annotated[int, typer.Option(min=0, help="The same seed invents the same people.")] = SEED,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack's folder for a look.")] = False,
) -> None:
    """Run a campaign at the provider's rate on a stack of its own, and judge it."""
    console = Console()
    errors = Console(stderr=True)
    if profile not in PROFILES:
        errors.print(f"[red]error:[/] --profile {profile!r} is unknown. Choose one of {', '.join(PROFILES)}.")
        raise typer.Exit(HARNESS_ERROR)
    run = RunFolder(RUNS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{profile}")
    try:
        record_run(run, PROFILES[profile], name=profile, seed=seed, keep=keep, console=console)
    except (StackError, subprocess.CalledProcessError) as exc:
        errors.print(f"[red]error:[/] {escape(str(exc))}", soft_wrap=True)
        errors.print(f"What was recorded: {run.path}")
        raise typer.Exit(HARNESS_ERROR) from None
    except KeyboardInterrupt:
        errors.print(f"interrupted; everything was stopped. What was recorded: {run.path}")
        raise typer.Exit(HARNESS_ERROR) from None
    raise typer.Exit(subprocess.run([_program("steadypost"), "slo", "judge", str(run.path)], check=False).returncode)


def record_run(run: RunFolder, profile: Profile, *, name: str, seed: int, keep: bool, console: Console) -> None:
    """Everything from an empty machine to a complete run folder; whatever was started is stopped."""
    run.write_facts(_facts(name, profile, seed))
    overrides = {"STEADYPOST_RESOLUTION_DEADLINE_S": f"{profile.resolution_deadline_s:g}"}
    stack = Stack(f"slo-test-{run.path.name}", overrides=overrides)
    with _removed_afterwards(stack, run, keep=keep):
        with console.status("starting the stack") as status:
            stack.up(announce=lambda what: status.update(f"starting the stack: waiting for {what}"))
        console.print(f"stack is up in {stack.place.folder}", highlight=False)
        steps = (
            [_program("steadypost"), "population", "generate", *_population(profile, seed)],
            [_program("steadypost"), "model", "train", "--out", stack.env["STEADYPOST_MODEL_PATH"]],
            [sys.executable, "-m", "loadtests.campaign", *_campaign(run, profile, stack)],
        )
        for command in steps:
            subprocess.run(command, env={**os.environ, **stack.env}, check=True)


def _population(profile: Profile, seed: int) -> list[str]:
    return ["--users", str(profile.users), "--products", str(profile.products), "--seed", str(seed)]


def _campaign(run: RunFolder, profile: Profile, stack: Stack) -> list[str]:
    provider = f"http://127.0.0.1:{stack.ports['fake_management']}"
    return ["--run", str(run.path), "--provider", provider, "--deadline-s", str(profile.deadline_s)]


@contextmanager
def _removed_afterwards(stack: Stack, run: RunFolder, *, keep: bool) -> Iterator[None]:
    try:
        yield
    finally:
        stack.down()
        if stack.place.logs.exists():
            shutil.copytree(stack.place.logs, run.path / run_folder.LOGS, dirs_exist_ok=True)
        if not keep:
            stack.place.remove()


def _facts(name: str, profile: Profile, seed: int) -> dict[str, Any]:
    return {
        "profile": name,
        "users": profile.users,
        "seed": seed,
        "command": f"make slo-test PROFILE={name}",
        "git_sha": _git("rev-parse", "HEAD"),
        "git_dirty": bool(_git("status", "--porcelain")),
        "environment": _environment(),
    }


def _environment() -> Mapping[str, Any]:
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)  # noqa: S607  # git from PATH
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
