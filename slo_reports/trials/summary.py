"""`summary.md` of a suite: at most 60 lines, for a pull request or a job's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.markdown import one_line
from slo_reports.report.numbers import DASH, amount, counted, plain
from slo_reports.trials.conclusion import outcomes_of, sentence_of, tone_of
from slo_reports.trials.filled import reason_of
from slo_reports.trials.limits import limits_of
from slo_reports.trials.rows import control_of, costs_of, grouped, not_shown, recovery_of, signed, took_longer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slo_reports.trials.rows import Experiment

MAX_EXPERIMENTS: Final = 26
MAX_REASONS: Final = 6
MAX_MUTANTS: Final = 2
MAX_CYCLES: Final = 1
MAX_LIMITS: Final = 4
MAX_NAMES: Final = 400

MARKS: Final = {
    "met": "\N{WHITE HEAVY CHECK MARK}",
    "missed": "\N{CROSS MARK}",
    "unknown": "\N{WHITE QUESTION MARK ORNAMENT}",
    "skipped": "\N{HEAVY MINUS SIGN}",
}


def summary_of(suite: Mapping[str, Any]) -> str:
    """GitHub Markdown; text from the suite is escaped, long lists end in how many more there are."""
    blocks = (_head(suite), _experiments(suite), _reasons(suite), _mutants(suite), _soak(suite), _limits(suite))
    told = [*map(list, blocks), list(_foot(suite))]
    return "\n".join("\n".join([*lines, ""]) for lines in told if lines)


def marked(outcome: str) -> str:
    """The sign and the word."""
    return f"{MARKS[tone_of(outcome)]} {outcome}"


def _head(suite: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {one_line(sentence_of(suite), most=400)}"


def _experiments(suite: Mapping[str, Any]) -> Iterator[str]:
    experiments = sorted(suite["experiments"], key=lambda each: tone_of(each["outcome"]) == "met")
    if not experiments:
        return
    yield "| fault | experiment | outcome | effects | lost (allowed) | first mail | all ended | to control |"
    yield "|---|---|---|--:|--:|--:|--:|--:|"
    control = control_of(suite)
    shown = experiments[:MAX_EXPERIMENTS]
    for each in sorted(shown, key=experiments_in(suite)):
        yield "| " + " | ".join(one_line(cell) for cell in _cells(each, control)) + " |"
    if (more := len(experiments) - MAX_EXPERIMENTS) > 0:
        yield f"| | and {more} more that held | | | | | | |"


def experiments_in(suite: Mapping[str, Any]) -> Any:
    """The order of the suite, as a key for sorting."""
    places = {each["name"]: place for place, each in enumerate(suite["experiments"])}
    return lambda each: places[each["name"]]


def _cells(experiment: Experiment, control: Experiment | None) -> Sequence[str]:
    first, _, ended = recovery_of(experiment)
    return (
        experiment["fault"],
        experiment["name"],
        marked(experiment["outcome"]),
        amount(experiment["numbers"].get("effects")),
        lost_of(experiment),
        amount(first.value, "s"),
        amount(ended.value, "s"),
        signed(took_longer(experiment, control), "s"),
    )


def lost_of(experiment: Experiment) -> str:
    """Failed and indeterminate jobs together, beside how many were allowed: `3 (64)`."""
    costs = costs_of(experiment)
    known = [cost.value for cost in costs if cost.value is not None]
    return f"{plain(sum(known))} ({plain(sum(cost.most or 0 for cost in costs))})" if known else DASH


def _reasons(suite: Mapping[str, Any]) -> Iterator[str]:
    """What broke first, then what is open, then what was never tried."""
    broken = [each for each in suite["experiments"] if tone_of(each["outcome"]) == "missed"]
    left_out = grouped((each["what"], f"{each['fault']} {each['title']}", each["reason"]) for each in not_shown(suite))
    rows = [
        *(_reason(f"{each['fault']} {each['name']}", each) for each in broken),
        *(f"- {one_line(what)}: {one_line(names, most=MAX_NAMES)}: {one_line(why)}" for what, names, why in left_out),
    ]
    yield from rows[:MAX_REASONS]
    if len(rows) > MAX_REASONS:
        yield f"- and {len(rows) - MAX_REASONS} more, in the report"


def _mutants(suite: Mapping[str, Any]) -> Iterator[str]:
    mutants = suite["mutants"]
    if not mutants:
        return
    caught = outcomes_of(mutants)["caught"]
    yield f"**Mutants:** {caught} of {len(mutants)} caught by exactly the invariants that they break."
    wrong = [each for each in mutants if each["outcome"] != "caught"]
    for each in wrong[:MAX_MUTANTS]:
        yield _reason(f"{each['name']} {each['title']}", each)
    if len(wrong) > MAX_MUTANTS:
        yield f"- and {len(wrong) - MAX_MUTANTS} more"


def _soak(suite: Mapping[str, Any]) -> Iterator[str]:
    soak = suite["soak"]
    if soak is None:
        return
    cycles = soak["cycles"]
    held = outcomes_of(cycles)["held"]
    yield (
        f"**Soak:** {held} of {counted(len(cycles), 'cycle')} held, {counted(soak['faults'] or 0, 'fault')} "
        f"in {plain(soak['minutes'])} minutes, seed {soak['seed']}."
    )
    for each in [each for each in cycles if tone_of(each["outcome"]) == "missed"][:MAX_CYCLES]:
        yield _reason(f"cycle {each['number']}", each)


def _reason(name: str, row: Mapping[str, Any]) -> str:
    told = f"{marked(row['outcome'])} {name}: {reason_of(row)}"
    return f"- {one_line(told)}"


def _limits(suite: Mapping[str, Any]) -> Iterator[str]:
    limits = limits_of(suite)
    yield "**What this does not prove**"
    for limit in limits[:MAX_LIMITS]:
        yield f"- {one_line(limit)}"
    if len(limits) > MAX_LIMITS:
        yield f"- and {len(limits) - MAX_LIMITS} more, in the report"


def _foot(suite: Mapping[str, Any]) -> Iterator[str]:
    tree = " (with uncommitted changes)" if suite["git"].get("dirty") else ""
    commit = (suite["git"].get("sha") or "unknown")[:12]
    yield f"Suite `{one_line(suite['run_id'])}`, seed {suite['seed']}, commit `{one_line(commit)}`{tree}."
    yield f"Repeat it: `{one_line(suite['command'])}`"
