"""`slo judge`: every verdict of a run, now or years later, with a report that shows why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from slo_reports import history, schemas
from slo_reports.commands.choice import RUNS, RunArgument, chosen, is_recorded_here
from slo_reports.commands.errors import explained, tell
from slo_reports.commands.terminal import terminal
from slo_reports.compare import compare
from slo_reports.judge import judge_run
from slo_reports.report import write_report
from slo_reports.report.terminal import verdict_table
from slo_reports.tables import FINISHED, Run
from slo_reports.verdict import ExitCode, Kind, Status, Verdict, exit_code

HISTORY: Final = RUNS.parent / "history.jsonl"
SUMMARIES: Final = {
    ExitCode.MET: "[green]met[/]: every objective and invariant holds",
    ExitCode.MISSED: "[red]missed[/]: an objective was missed, every invariant holds",
    ExitCode.VIOLATED: "[red]violated[/]: an invariant does not hold",
    ExitCode.INCONCLUSIVE: "[yellow]inconclusive[/]: the run does not prove enough",
}


@dataclass(frozen=True)
class Judgement:
    """What was found of a run."""

    verdicts: list[Verdict]
    code: ExitCode


def judge(
    run: RunArgument,
    baseline: Annotated[str | None, typer.Option(help="A run to compare with, in the report.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the report goes; the run's own folder if not given.")] = None,
    *,
    no_report: Annotated[bool, typer.Option("--no-report", help="Only the table.")] = False,
) -> None:
    """Print every verdict and draw the report; exits with 0 met, 1 missed, 2 violated, 3 inconclusive."""
    console = terminal()
    with explained(), Run(chosen(run)) as recorded:
        judgement = judgement_of(recorded)
        console.print(verdict_table(judgement.verdicts))
        console.print(f"{SUMMARIES[judgement.code]} [dim]({escape(str(recorded.folder.path))})[/]", soft_wrap=True)
        trend = _remember(recorded, judgement.code)
        if not no_report:
            page = _draw(recorded, judgement, out=out or recorded.folder.path, baseline=baseline, trend=trend)
            console.print(f"report: {page}", soft_wrap=True)
    raise typer.Exit(judgement.code)


def judgement_of(run: Run) -> Judgement:
    """All verdicts, and one more when run.json is not what its schema asks for; what broke off is never met."""
    verdicts = [*judge_run(run), *_invalid_facts(run)]
    code = exit_code(verdicts)
    if code is ExitCode.MET and run.facts.get("state") != FINISHED:
        code = ExitCode.INCONCLUSIVE
    return Judgement(verdicts, code)


def _invalid_facts(run: Run) -> list[Verdict]:
    found = schemas.objections(run.facts, schemas.RUN)
    if not found:
        return []
    return [
        Verdict(
            id="run.json",
            name="run_json_is_valid",
            kind=Kind.INVARIANT,
            status=Status.UNKNOWN,
            promise="run.json is what its published schema says",
            says=f"{len(found)} fields of run.json are not as they should be",
            evidence=tuple(str(objection) for objection in found[:50]),
            sources=("run.json",),
        )
    ]


def _remember(run: Run, code: ExitCode) -> list[dict[str, Any]]:
    """The trend; a run from elsewhere is shown beside this checkout's own, and not remembered."""
    line = history.line_of(run, code)
    known = history.remember(line, path=HISTORY) if is_recorded_here(run.folder) else history.read(HISTORY)
    for warning in known.warnings:
        tell(f"[yellow]warning:[/] {escape(warning)}")
    return history.trend(known, profile=line["profile"], until=line["run_id"])


def _draw(run: Run, judgement: Judgement, *, out: Path, baseline: str | None, trend: list[dict[str, Any]]) -> Path:
    comparison = None
    if baseline is not None:
        with Run(chosen(baseline)) as before:
            comparison = compare(run, before)
    return write_report(run, judgement.verdicts, out=out, baseline=comparison, trend=trend)
