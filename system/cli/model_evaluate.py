"""`steadypost model evaluate`: how good a model is on what customers bought afterwards, with a report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from system.storage.database import process_engine

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()

WIDTH = 110


@app.command()
def evaluate(
    version: Annotated[
        str | None, typer.Argument(help="Whose hyper-parameters to judge; the active one when left out.")
    ] = None,
    *,
    test_days: Annotated[int, typer.Option(min=1, max=366, help="The newest days, kept from the model.")] = 28,
    replay_weeks: Annotated[int, typer.Option(min=0, max=52, help="Mondays to send again on paper.")] = 12,
    out: Annotated[Path, typer.Option(help="Folder for report.html and report.json.")] = Path("evaluation"),
    seed: Annotated[int, typer.Option(min=0, help="Of the draws behind the intervals.")] = 20_110_930,
) -> None:
    """Fit anew on the orders before the newest days and compare with baselines on what was bought in them.

    Nothing is registered or activated. Exits with 1 when the model is worse than popular products beyond noise.
    """
    from system.recommender.evaluation.page import write_report  # noqa: PLC0415  # SciPy and ONNX are slow to import
    from system.recommender.evaluation.running import run_evaluation  # noqa: PLC0415  # as above

    console = _console()
    with _progress(console) as progress:
        task = progress.add_task("Reading orders", total=None)
        report = run_evaluation(
            process_engine(),
            version=version,
            test_days=test_days,
            replay_weeks=replay_weeks,
            seed=seed,
            on_step=lambda what, done, of: progress.update(task, description=what, completed=done, total=of),
        )
    report["command"] = _command(version, test_days=test_days, replay_weeks=replay_weeks, seed=seed)
    page = write_report(report, folder=out)
    _show(console, report, page)
    if report["verdict"]["outcome"] == "worse":
        sys.exit(1)


def _command(version: str | None, *, test_days: int, replay_weeks: int, seed: int) -> str:
    options = ["--test-days", str(test_days), "--replay-weeks", str(replay_weeks), "--seed", str(seed)]
    return shlex.join(["steadypost", "model", "evaluate", *([version] if version else []), *options])


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def _progress(console: Console) -> Progress:
    return Progress(*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def _show(console: Console, report: Mapping[str, Any], page: Path) -> None:
    from system.recommender.evaluation import words  # noqa: PLC0415  # as above

    for mode, title in (("new_only", "products new to the customer"), ("buy_again", "buying again allowed")):
        console.print(_quality(report["modes"][mode], title=title))
    if report["replay"]["arms"]:
        console.print(_replay(report["replay"]))
    colour = {"better": "green", "worse": "red"}.get(report["verdict"]["outcome"], "yellow")
    console.print(f"[{colour}]{words.headline(report)}[/]", soft_wrap=True)
    console.print(f"{words.targets_met(report)} {page}", soft_wrap=True, markup=False)


def _quality(summary: Mapping[str, Any], *, title: str) -> Table:
    from system.recommender.evaluation import words  # noqa: PLC0415  # as above

    customers = f"{title}, {summary['customers']:,} customers, 95 % intervals"
    table = Table("model", title=customers, title_justify="left")
    for metric in words.METRICS.values():
        table.add_column(metric, justify="right")
    for name, found in summary["models"].items():
        cells = (f"{words.score(found[metric]['value'])} ({words.span(found[metric])})" for metric in words.METRICS)
        table.add_row(words.NAMES[name], *cells, style="bold" if name == "model" else None)
    return table


def _replay(replayed: Mapping[str, Any]) -> Table:
    from system.recommender.evaluation import words  # noqa: PLC0415  # as above

    title = f"{len(replayed['mondays'])} weeks replayed, five new products to everybody"
    table = Table("products from", title=title, title_justify="left")
    for column in ("bought per 1,000 mails", "catalogue", "repeated"):
        table.add_column(column, justify="right")
    for arm in replayed["arms"]:
        name = words.NAMES[arm["name"]] + (", cool-down" if arm["cool_down"] else "")
        hits = arm["hits_per_1000"]
        cell = f"{words.plain(hits['value'])} ({words.span(hits, 1)})" if hits else words.DASH
        style = "bold" if arm["name"] == "model" else None
        table.add_row(name, cell, words.percent(arm["coverage"]), words.percent(arm["repeated"]), style=style)
    return table
