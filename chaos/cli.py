"""`steadypost chaos`: list, run and repeat experiments."""

from __future__ import annotations

import difflib
import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chaos.experiment import Rank  # noqa: TC001  # typer reads the annotation
from chaos.experiments import CONTROL, all_experiments
from chaos.mutants import all_mutants
from chaos.mutants.table import MutantTable
from chaos.soak import Soak
from chaos.suite import Suite
from chaos.toolkit import as_chaos_toolkit
from chaos.toxiproxy.binary import find_toxiproxy
from chaos.toxiproxy.errors import ToxiproxyError
from slo_reports.run_folder import UnreadableRunError
from slo_reports.trials.conclusion import suite_exit_code
from slo_reports.trials.joined import join
from slo_reports.trials.resiliency import write_resiliency
from slo_reports.trials.suite import SuiteFolder
from slo_reports.trials.terminal import suite_table
from slo_reports.trials.writing import write_suite_report

if TYPE_CHECKING:
    from chaos.experiment import Experiment

app = typer.Typer(no_args_is_help=True, help="Break the running system on purpose, and judge what became of it.")

RUNS: Final = Path("slo_reports/runs")
LATEST: Final = "latest-chaos"
HARNESS_ERROR: Final = 4
BROKEN: Final = 2
SEED: Final = 1

Seed = Annotated[int, typer.Option(min=0, help="The same seed invents the same people and the same faults.")]


@app.command("list")
def list_experiments() -> None:
    """Show every experiment and what a user would lose if it failed."""
    table = Table("name", "fault", "rank", "what a user would lose if it failed", box=SIMPLE_HEAD)
    for experiment in all_experiments().values():
        table.add_row(experiment.name, experiment.fault, experiment.rank, escape(experiment.loses))
    Console().print(table)


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Such as redis-flushed; `chaos list` names them.")] = None,
    rank: Annotated[list[Rank] | None, typer.Option(help="Every experiment of this rank; may be repeated.")] = None,
    seed: Seed = SEED,
    within_minutes: Annotated[float | None, typer.Option(min=0, help="Begin no experiment after that.")] = None,
    *,
    without_control: Annotated[bool, typer.Option("--without-control", help="No undisturbed run beside.")] = False,
) -> None:
    """Carry out experiments on a stack of their own, and end with one table and one report.

    Exits with 0 all held, 1 one was slow, 2 one is broken, 3 one is inconclusive or not run, 4 the harness failed.
    """
    chosen = _chosen(names or [], rank or [], with_control=not without_control)
    _require_toxiproxy()
    folder = _new_folder("chaos")
    words = ["steadypost", "chaos", "run", *(names or [])]
    words += [word for one in rank or [] for word in ("--rank", str(one))]
    suite = Suite(
        folder=folder,
        experiments=chosen,
        seed=seed,
        command=shlex.join([*words, "--seed", str(seed)]),
        console=Console(),
        within_s=None if within_minutes is None else within_minutes * 60,
    )
    _end(folder, suite.run())


@app.command()
def soak(
    minutes: Annotated[float, typer.Option(min=0, help="Begin no further cycle after that.")] = 60.0,
    seed: Seed = SEED,
    first: Annotated[int, typer.Option(min=1, help="The first cycle's number; to repeat one, begin with it.")] = 1,
    cycles: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
) -> None:
    """Inject random faults, campaign after campaign; the first that fails is shortened to what it needs to fail."""
    _require_toxiproxy()
    folder = _new_folder("soak")
    words = ["steadypost", "chaos", "soak", "--minutes", f"{minutes:g}", "--seed", str(seed), "--first", str(first)]
    words += ["--cycles", str(cycles)] if cycles is not None else []
    soaking = Soak(
        folder=folder,
        minutes=minutes,
        seed=seed,
        first=first,
        most=cycles,
        command=shlex.join(words),
        console=Console(),
    )
    _end(folder, soaking.run())


@app.command()
def mutants(
    names: Annotated[list[str] | None, typer.Argument(help="Such as M1; all twelve when left out.")] = None,
    seed: Seed = SEED,
) -> None:
    """Make known mistakes in a copy of the product, and see each turn exactly its rules red.

    Exits with 0 all caught, 2 one was not, 3 one could not run, 4 the harness failed.
    """
    known = all_mutants()
    if unknown := [name for name in names or [] if name not in known]:
        _fail(f"there is no mutant {unknown[0]!r}. There are {', '.join(known)}")
    _require_toxiproxy()
    folder = _new_folder("mutants")
    table = MutantTable(
        folder=folder,
        mutants=[known[name] for name in names or known],
        seed=seed,
        command=shlex.join(["steadypost", "chaos", "mutants", *(names or []), "--seed", str(seed)]),
        console=Console(),
    )
    _end(folder, table.run())


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="Of an experiment.")],
    seed: Seed = SEED,
) -> None:
    """Print an experiment in the format of Chaos Toolkit."""
    (experiment,) = _chosen([name], [], with_control=False)
    print(json.dumps(as_chaos_toolkit(experiment, seed=seed), indent=2))  # noqa: T201  # for a file, not for a person


@app.command()
def held(name: Annotated[str, typer.Argument(help="Of an experiment.")]) -> None:
    """Exit with 0 unless the last recorded trial of an experiment was broken or inconclusive."""
    _chosen([name], [], with_control=False)
    for folder in sorted(RUNS.glob("*-chaos"), reverse=True):
        try:
            told = SuiteFolder(folder).read()["experiments"]
        except UnreadableRunError:
            continue
        for one in told:
            if one["name"] == name and one["outcome"] != "not run":
                Console().print(f"{folder}: {one['outcome']}", soft_wrap=True)
                raise typer.Exit(0 if one["outcome"] in {"held", "slow", "skipped"} else BROKEN)
    Console().print(f"no trial of {name} was recorded")


@app.command()
def report(
    folders: Annotated[list[Path] | None, typer.Argument(help="With a suite.json; the latest when left out.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where several suites become one.")] = None,
    resiliency: Annotated[
        Path | None, typer.Option(help="Write the matrix of dependencies and troubles there.")
    ] = None,
) -> None:
    """Draw the report of a suite again, or of several as one, and end as they did."""
    recorded = [SuiteFolder(folder) for folder in folders or [RUNS / LATEST]]
    if len(recorded) > 1 and out is None:
        _fail("several suites need a folder of their own for their report: --out FOLDER")
    try:
        suite = recorded[0] if out is None else join(recorded, out)
        facts = suite.read()
        if resiliency is not None:
            Console().print(f"written: {write_resiliency(suite, resiliency)}", soft_wrap=True)
    except UnreadableRunError as exc:
        _fail(str(exc))
    _end(suite, facts)


def _end(folder: SuiteFolder, facts: dict[str, Any]) -> NoReturn:
    page = write_suite_report(folder)
    console = Console()
    console.print(suite_table(facts))
    console.print(f"report: {page}", soft_wrap=True)
    raise typer.Exit(suite_exit_code(facts))


def _new_folder(kind: str) -> SuiteFolder:
    """`runs/latest-chaos` is this one."""
    path = RUNS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{kind}"
    path.mkdir(parents=True)
    draft = RUNS / f".{path.name}.link"
    draft.symlink_to(path.name)
    draft.replace(RUNS / LATEST)
    return SuiteFolder(path)


def _chosen(names: list[str], ranks: list[Rank], *, with_control: bool) -> list[Experiment]:
    known = all_experiments()
    if unknown := [name for name in names if name not in known]:
        near = difflib.get_close_matches(unknown[0], known, cutoff=0.4)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        _fail(f"there is no experiment {unknown[0]!r}.{meant} All names: steadypost chaos list")
    if not names and not ranks:
        _fail("name an experiment, or choose a rank: steadypost chaos run --rank P0")
    wanted = [one for one in known.values() if one.name in names or one.rank in ranks]
    if with_control and known[CONTROL] not in wanted:
        wanted.insert(0, known[CONTROL])
    return wanted


def _require_toxiproxy() -> None:
    try:
        find_toxiproxy()
    except ToxiproxyError as exc:
        _fail(str(exc))


def _fail(why: str) -> NoReturn:
    Console(stderr=True).print(f"[red]error:[/] {escape(why)}", soft_wrap=True)
    raise typer.Exit(HARNESS_ERROR)
