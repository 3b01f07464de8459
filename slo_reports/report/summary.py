"""`summary.md`: the report in at most 60 lines, for a pull request or a job's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.markdown import one_line
from slo_reports.report.numbers import amount, counted, duration, plain, shortened, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_SLOS: Final = 12
MAX_BROKEN: Final = 10
MAX_FAULTS: Final = 6
MAX_LIMITS: Final = 6
MAX_CELL: Final = 70

_MARKS: Final = {
    "met": "\N{WHITE HEAVY CHECK MARK} met",
    "missed": "\N{CROSS MARK} missed",
    "unknown": "\N{WHITE QUESTION MARK ORNAMENT} unknown",
}


def summary_of(report: Mapping[str, Any]) -> str:
    """GitHub Markdown; text from the run is escaped, long lists end in how many more there are."""
    blocks = (_head(report), _objectives(report), _invariants(report), _faults(report), _limits(report), _foot(report))
    return "\n".join("\n".join([*lines, ""]) for lines in map(list, blocks) if lines)


def _head(report: Mapping[str, Any]) -> Iterator[str]:
    mode = report["mode"]
    yield f"## {one_line(report['verdict']['sentence'])}"
    yield ""
    yield f"**{one_line(mode['label'])}** {one_line(mode['size'])}."
    if mode["no_claims"]:
        yield f"Does not show {one_line(', nor '.join(mode['no_claims']))}."


def _objectives(report: Mapping[str, Any]) -> Iterator[str]:
    slos = report["slos"]
    if not slos:
        return
    yield "| objective | verdict | measured | goal | 95 % interval | n | budget left |"
    yield "|---|---|--:|---|---|--:|--:|"
    for slo in slos[:MAX_SLOS]:
        yield "| " + " | ".join(one_line(cell) for cell in _cells(slo)) + " |"
    if len(slos) > MAX_SLOS:
        yield f"| and {len(slos) - MAX_SLOS} more | | | | | | |"


def _cells(slo: Mapping[str, Any]) -> tuple[str, ...]:
    name, mark, measure = f"{slo['id']} {slo['name']}", _MARKS[slo["status"]], slo["measure"]
    if measure is None:
        return name, mark, shortened(slo["says"], MAX_CELL), "", "", "", ""
    interval, n = measure["interval"], measure["n"]
    return (
        name,
        mark,
        amount(measure["value"], measure["unit"]),
        measure["objective"],
        span(interval[0], interval[1], measure["unit"]) if interval else "",
        plain(n) if n is not None else "",
        amount(measure["budget_left"], "share") if measure["budget_left"] is not None else "",
    )


def _invariants(report: Mapping[str, Any]) -> Iterator[str]:
    invariants = report["invariants"]
    broken = [each for each in invariants if each["status"] != "met"]
    yield f"**Invariants:** {len(invariants) - len(broken)} of {len(invariants)} met."
    reasons: dict[tuple[str, str], list[str]] = {}
    for each in broken:
        reasons.setdefault((each["status"], each["says"]), []).append(
            each["id"] if len(broken) > MAX_BROKEN else f"{each['id']} {each['name']}"
        )
    for (status, says), names in list(reasons.items())[:MAX_BROKEN]:
        yield f"- {_MARKS[status]} {one_line(', '.join(names))}: {one_line(says)}"
    if len(reasons) > MAX_BROKEN:
        yield f"- and {len(reasons) - MAX_BROKEN} more"


def _faults(report: Mapping[str, Any]) -> Iterator[str]:
    faults = report["faults"]
    if "missing" in faults:
        yield f"**Faults:** {one_line(faults['missing'])}"
        return
    injections = faults["injections"]
    yield f"**Faults:** {counted(len(injections), 'injection')}."
    for fault in injections[:MAX_FAULTS]:
        yield f"- {one_line(fault['fault'])} {one_line(fault['name'])}: {one_line(_course(fault))}"
    if len(injections) > MAX_FAULTS:
        yield f"- and {len(injections) - MAX_FAULTS} more"


def _course(fault: Mapping[str, Any]) -> str:
    recovery = fault["recovery"]
    parts = [
        "injected" if fault["injected"] else f"not injected ({fault['error'] or 'no reason given'})",
        counted(_observed(fault), "observed effect"),
        f"healed after {duration(fault['to_s'] - fault['from_s'])}" if fault["healed"] else "not healed",
    ]
    if recovery:
        parts.append(f"first mail {amount(recovery['first_accept_s'], 's')} after healing")
        parts.append(f"full rate after {amount(recovery['full_rate_s'], 's')}")
    return ", ".join(parts)


def _observed(fault: Mapping[str, Any]) -> int:
    return sum(effect["observed"] for effect in fault["effects"] if isinstance(effect["observed"], int))


def _limits(report: Mapping[str, Any]) -> Iterator[str]:
    limits: Sequence[str] = report["limits"]
    yield "**What this run does not prove**"
    for limit in limits[:MAX_LIMITS]:
        yield f"- {one_line(limit)}"
    if len(limits) > MAX_LIMITS:
        yield f"- and {len(limits) - MAX_LIMITS} more, in the report"


def _foot(report: Mapping[str, Any]) -> Iterator[str]:
    provenance = report["provenance"]
    tree = " (with uncommitted changes)" if provenance["git_dirty"] else ""
    yield (
        f"Run `{one_line(provenance['run_id'])}`, seed {one_line(provenance['seed'])}, "
        f"commit `{one_line((provenance['git_sha'] or 'unknown')[:12])}`{tree}."
    )
    if provenance["command"]:
        yield f"Repeat it: `{one_line(provenance['command'])}`"
