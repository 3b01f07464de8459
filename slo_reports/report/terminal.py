"""The verdict table on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.markup import escape
from rich.table import Table

from slo_reports.report.numbers import amount, span
from slo_reports.verdict import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo_reports.verdict import Measure, Verdict

SHOWN_IDS: Final = 3

_MARKS: Final = {
    Status.MET: "[green]\N{CHECK MARK} met[/]",
    Status.MISSED: "[bold red]\N{MULTIPLICATION X} missed[/]",
    Status.UNKNOWN: "[yellow]? unknown[/]",
}
_TITLES: Final = {Kind.OBJECTIVE: "Objectives", Kind.INVARIANT: "Invariants"}


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Objectives first, then invariants; what is not met says which ids broke it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("", no_wrap=True)
    table.add_column("promise", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("objective", no_wrap=True)
    table.add_column("says", ratio=1)
    for kind in (Kind.OBJECTIVE, Kind.INVARIANT):
        those = [verdict for verdict in verdicts if verdict.kind is kind]
        if those:
            table.add_section()
            table.add_row("", f"[bold]{_TITLES[kind]}[/]")
        for verdict in those:
            table.add_row(*_cells(verdict))
    return table


def _cells(verdict: Verdict) -> tuple[str, str, str, str, str, str]:
    measure = verdict.measure
    return (
        escape(verdict.id),
        escape(verdict.name),
        _MARKS[verdict.status],
        "" if measure is None else _measured(measure),
        "" if measure is None else escape(measure.objective),
        _says(verdict),
    )


def _measured(measure: Measure) -> str:
    shown = escape(amount(measure.value, measure.unit))
    return f"{shown}\n[dim]{escape(span(*measure.interval, measure.unit))}[/]" if measure.interval else shown


def _says(verdict: Verdict) -> str:
    if verdict.status is Status.MET or not verdict.evidence:
        return escape(verdict.says)
    ids = [f"[dim]{escape(line)}[/]" for line in verdict.evidence[:SHOWN_IDS]]
    more = len(verdict.evidence) - SHOWN_IDS
    return "\n".join([escape(verdict.says), *ids, *([f"[dim]and {more:,} more[/]"] if more > 0 else [])])
