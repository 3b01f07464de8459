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

    from slo_reports.verdict import Verdict

SHOWN_IDS: Final = 3

_MARKS: Final = {
    Status.MET: "[green]\N{CHECK MARK} met[/]",
    Status.MISSED: "[bold red]\N{MULTIPLICATION X} missed[/]",
    Status.UNKNOWN: "[yellow]? unknown[/]",
}


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Objectives with their numbers first, then invariants; what is not met says which ids broke it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("", "promise", "verdict"):
        table.add_column(title, no_wrap=True)
    table.add_column("says", ratio=1, overflow="fold")
    for kind in (Kind.OBJECTIVE, Kind.INVARIANT):
        those = [verdict for verdict in verdicts if verdict.kind is kind]
        if those:
            table.add_section()
        told = ""
        for verdict in those:
            says = "[dim]likewise[/]" if verdict.status is Status.UNKNOWN and verdict.says == told else _says(verdict)
            table.add_row(escape(verdict.id), escape(verdict.name), _MARKS[verdict.status], says)
            told = verdict.says
    return table


def _says(verdict: Verdict) -> str:
    lines = [escape(verdict.says)]
    if verdict.kind is Kind.OBJECTIVE and verdict.measure is not None:
        lines = [_measured(verdict), f"[dim]{lines[0]}[/]"]
    if verdict.status is not Status.MET:
        lines += [f"[dim]{escape(line)}[/]" for line in verdict.evidence[:SHOWN_IDS]]
        if (more := len(verdict.evidence) - SHOWN_IDS) > 0:
            lines.append(f"[dim]and {more:,} more[/]")
    return "\n".join(lines)


def _measured(verdict: Verdict) -> str:
    """`13.6 ms (95 %: 13.5 to 13.7 ms), objective p99 < 1,000 ms`."""
    measure = verdict.measure
    assert measure is not None
    interval = f" (95 %: {span(*measure.interval, measure.unit)})" if measure.interval else ""
    return escape(f"{amount(measure.value, measure.unit)}{interval}, objective {measure.objective}")
