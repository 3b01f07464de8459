"""A suite on a terminal of 80 columns: the table, what is not as it should be, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from slo_reports.report.numbers import amount, plain, shortened
from slo_reports.trials.conclusion import sentence_of, suite_exit_code, tone_of
from slo_reports.trials.filled import filled, reason_of
from slo_reports.trials.rows import grouped, recovery_of
from slo_reports.trials.summary import lost_of
from slo_reports.verdict import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

    from slo_reports.trials.rows import Experiment

NAME_CHARS: Final = 28
REASON_CHARS: Final = 300

_MARKS: Final = {
    "met": "[green]\N{CHECK MARK} {}[/]",
    "missed": "[bold red]\N{MULTIPLICATION X} {}[/]",
    "unknown": "[yellow]? {}[/]",
    "skipped": "[dim]- {}[/]",
}
_COLOURS: Final = {ExitCode.MET: "bold green", ExitCode.VIOLATED: "bold red"}


def suite_table(facts: Mapping[str, Any]) -> RenderableType:
    """For rich's console; `facts` as `suite.json` holds them."""
    suite = filled(facts)
    colour = _COLOURS.get(suite_exit_code(facts), "bold yellow")
    verdict = f"[{colour}]{escape(sentence_of(facts))}[/]"
    parts: list[RenderableType] = [_table(suite["experiments"])] if suite["experiments"] else []
    reasons = list(_reasons(suite))
    return Group(*parts, *reasons, *([""] if reasons else []), verdict)


def _table(experiments: list[Experiment]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("", "experiment", "outcome"):
        table.add_column(title, no_wrap=True)
    for title in ("seen", "lost (of)", "first", "ended"):
        table.add_column(title, justify="right", no_wrap=True)
    for each in experiments:
        first, _, ended = recovery_of(each)
        table.add_row(
            escape(each["fault"]),
            escape(shortened(each["name"], NAME_CHARS)),
            _marked(each["outcome"]),
            amount(each["numbers"].get("effects")),
            lost_of(each),
            amount(_tenths(first.value), "s"),
            amount(_tenths(ended.value), "s"),
        )
    return table


def _reasons(suite: Mapping[str, Any]) -> Iterator[str]:
    cycles = suite["soak"]["cycles"] if suite["soak"] else []
    named = [
        *((f"{each['fault']} {each['name']}", each) for each in suite["experiments"]),
        *((f"{each['name']} {each['title']}", each) for each in suite["mutants"]),
        *((f"soak, cycle {each['number']} of seed {plain(each['seed'] or 0)}", each) for each in cycles),
    ]
    wrong = [(each["outcome"], name, reason_of(each)) for name, each in named if tone_of(each["outcome"]) != "met"]
    for outcome, names, reason in grouped(wrong):
        told, why = shortened(names, REASON_CHARS), shortened(reason, REASON_CHARS)
        yield f"{_marked(outcome)} {escape(told)}: [dim]{escape(why)}[/]"
    if rows := suite["uncovered"]:
        yield f"[dim]- without an experiment: {escape(', '.join(each['fault'] for each in rows))}[/]"


def _marked(outcome: str) -> str:
    return _MARKS[tone_of(outcome)].format(escape(outcome))


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
