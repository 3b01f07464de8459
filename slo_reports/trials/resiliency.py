"""`docs/resiliency.md`: what users notice when a dependency is slow, down, lying or losing data, by the experiments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.markdown import one_line
from slo_reports.report.numbers import amount, counted, moment
from slo_reports.trials.conclusion import FINISHED, SLOW, sentence_of, tone_of
from slo_reports.trials.filled import filled, reason_of
from slo_reports.trials.rows import costs_of, recovery_of
from slo_reports.trials.summary import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slo_reports.trials.rows import Experiment
    from slo_reports.trials.suite import SuiteFolder

PAGE: Final = Path("docs/resiliency.md")
DEPENDENCIES: Final = (
    "provider", "webhook", "Redis", "PostgreSQL", "our processes", "recommender", "machine", "operator",
)  # fmt: skip
TROUBLES: Final = ("slow", "down", "lying", "losing data")
MAX_SENTENCE: Final = 400
SOAK: Final = "F38"
"""The row of the fault matrix that the soak is."""

_HEAD: Final = """\
# Resiliency

What users notice when something that the system depends on is slow, down, lying, or losing data.
Each cell is an experiment, linked to its source; seconds count from the end of healing. An empty cell has none.
"""
_MARKS: Final = (
    f"{MARKS['met']} held · {MARKS['missed']} broken · {MARKS['unknown']} slow or open · {MARKS['skipped']} skipped"
)


def write_resiliency(folder: SuiteFolder, out: Path = PAGE) -> Path:
    """Replace the page, which lies one folder below the project's root; the same suite always gives the same bytes.

    UnreadableRunError when `suite.json` can't be read.
    """
    page = resiliency_of(folder.read())
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return out


def resiliency_of(facts: Mapping[str, Any]) -> str:
    """GitHub Markdown; text from the suite is escaped."""
    suite = filled(facts)
    blocks = ([_HEAD.rstrip(), "", _MARKS], _matrix(suite), _rows(suite), _origin(suite))
    return "\n".join("\n".join([*lines, ""]) for lines in blocks)


def _matrix(suite: Mapping[str, Any]) -> Iterator[str]:
    named = {each["dependency"] for each in suite["experiments"] if each["trouble"] in TROUBLES}
    yield f"| dependency | {' | '.join(TROUBLES)} |"
    yield "|---|---|---|---|---|"
    for dependency in (*DEPENDENCIES, *sorted(named - {*DEPENDENCIES})):
        cells = (_cell(suite, dependency, trouble) for trouble in TROUBLES)
        yield f"| **{one_line(dependency)}** | {' | '.join(cells)} |"


def _cell(suite: Mapping[str, Any], dependency: str, trouble: str) -> str:
    those = [each for each in suite["experiments"] if (each["dependency"], each["trouble"]) == (dependency, trouble)]
    return "<br><br>".join(f"{MARKS[tone_of(each['outcome'])]} {_link(each)}: {_noticed(each)}" for each in those)


def _noticed(experiment: Experiment) -> str:
    if tone_of(experiment["outcome"]) != "met" and experiment["outcome"] != SLOW:
        return one_line(f"{experiment['outcome']}: {reason_of(experiment)}")
    told = [
        f"{cost.name} {amount(cost.value, cost.unit)}" for cost in recovery_of(experiment) if cost.value is not None
    ]
    lost = [f"{amount(cost.value)} {cost.name}" for cost in costs_of(experiment) if cost.value]
    measured = one_line("; ".join([*told, *lost]))
    return f"{one_line(experiment['notices'])}{f' _{measured}_' if measured else ''}"


def _link(experiment: Experiment) -> str:
    title = one_line(experiment["title"]).replace("[", "\\[").replace("]", "\\]")
    source = experiment["source"]
    return title if source is None else f"[{title}](<../{_address(source)}>)"


def _address(source: str) -> str:
    """What can't end the link early."""
    return one_line(source).replace("&gt;", "").replace("&lt;", "").replace("\\", "")


def _rows(suite: Mapping[str, Any]) -> Iterator[str]:
    """Every row of the fault matrix, in its order."""
    rows = [
        *((each["fault"], _link(each), _shown(each), each["loses"]) for each in suite["experiments"]),
        *((each["fault"], one_line(each["title"]), "not covered", each["reason"]) for each in suite["uncovered"]),
        *_soak_row(suite["soak"]),
    ]
    yield "## The fault matrix"
    yield ""
    yield "| row | experiment | outcome | what a user would lose, or why it is not covered |"
    yield "|---|---|---|---|"
    for fault, experiment, outcome, says in sorted(rows, key=lambda row: row[0]):
        yield f"| {one_line(fault)} | {experiment} | {outcome} | {one_line(says)} |"


def _shown(experiment: Experiment) -> str:
    """With the reason where there is no cell that gives it."""
    mark = f"{MARKS[tone_of(experiment['outcome'])]} {experiment['outcome']}"
    return mark if tone_of(experiment["outcome"]) == "met" else f"{mark}: {one_line(reason_of(experiment))}"


def _soak_row(soak: Mapping[str, Any] | None) -> list[tuple[str, str, str, str]]:
    if soak is None:
        return []
    held = sum(tone_of(each["outcome"]) == "met" for each in soak["cycles"])
    outcome = f"{held} of {counted(len(soak['cycles']), 'cycle')} held"
    return [(SOAK, "Seeded random faults", outcome, "Whatever faults only cost in each other's company.")]


def _origin(suite: Mapping[str, Any]) -> Iterator[str]:
    git = suite["git"]
    tree = " with uncommitted changes" if git.get("dirty") else ""
    yield "## Where this comes from"
    yield ""
    yield f"Suite `{one_line(suite['run_id'])}` of {one_line(moment(suite['started']))}, seed {suite['seed']};"
    yield f"commit `{one_line((git.get('sha') or 'unknown')[:12])}`{tree}, recorded by the command below."
    yield "This page is generated from it: change the experiments, not the page."
    yield ""
    yield f"    {one_line(suite['command'], most=MAX_SENTENCE)}"
    yield ""
    yield f"{one_line(sentence_of(suite), most=MAX_SENTENCE)}"
    if suite["state"] != FINISHED:
        yield "What is missing here was not looked at."
