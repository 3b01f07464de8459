"""What a suite does not prove, derived from what was carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.numbers import counted, plain
from slo_reports.trials.conclusion import FINISHED, outcomes_of, sums_of
from slo_reports.trials.rows import control_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOAK_MINUTES: Final = 60
SOAK_FAULTS: Final = 100

_ALWAYS: Final = (
    "An experiment shows one fault at one moment of one campaign; only the soak and the protocol's model know others.",
    "Everything ran on one machine: no partition between machines, no failover of PostgreSQL, no lost power.",
    "The provider is a faithful fake: what SendGrid does under faults of its own is known from documents alone.",
)


def limits_of(suite: Mapping[str, Any]) -> list[str]:
    """Sentences, the gravest first."""
    return [
        *_of_the_ending(suite), *_of_the_code(suite), *_of_the_experiments(suite), *_of_the_mutants(suite),
        *_of_the_soak(suite), *_of_the_size(suite), *_ALWAYS,
    ]  # fmt: skip


def _of_the_ending(suite: Mapping[str, Any]) -> Iterator[str]:
    if suite["state"] != FINISHED:
        yield f"The suite did not reach its end (state: {suite['state']}): what is missing here was not looked at."
    if uncounted := sums_of(suite).uncounted:
        yield f"{counted(uncounted, 'run')} could not be counted: duplicates and unexplained jobs are summed without."


def _of_the_code(suite: Mapping[str, Any]) -> Iterator[str]:
    if suite["git"].get("dirty"):
        yield "The working tree had uncommitted changes: the commit alone does not repeat this suite."
    elif not suite["git"].get("sha"):
        yield "The commit was not recorded."
    if len(commits := _commits(suite)) > 1:
        yield f"It joins suites of {len(commits)} commits ({', '.join(commits)}): none of them was tried as a whole."


def _commits(suite: Mapping[str, Any]) -> list[str]:
    """Of a joined suite's parts, each once; what was not committed is marked."""
    parts = suite.get("parts") or []
    shown = [f"{(part.get('sha') or 'unknown')[:7]}{' and changes' if part.get('dirty') else ''}" for part in parts]
    return list(dict.fromkeys(shown))


def _of_the_experiments(suite: Mapping[str, Any]) -> Iterator[str]:
    outcomes = outcomes_of(suite["experiments"])
    open_ = [f"{outcomes[word]} {word}" for word in ("inconclusive", "not run", "skipped") if outcomes[word]]
    if open_:
        yield f"Of the experiments, {', '.join(open_)}: these proved nothing."
    if rows := len(suite["uncovered"]):
        yield f"{counted(rows, 'row')} of the fault matrix {'has' if rows == 1 else 'have'} no experiment."
    if suite["experiments"] and control_of(suite) is None:
        yield "No control run stands beside the experiments: what a fault cost can't be told from what a run costs."


def _of_the_mutants(suite: Mapping[str, Any]) -> Iterator[str]:
    if not suite["mutants"]:
        yield "No mutant was run: that the checkers can fail is not shown here."
    elif number := outcomes_of(suite["mutants"])["not run"]:
        yield f"{counted(number, 'mutant')} {'was' if number == 1 else 'were'} not run."


def _of_the_soak(suite: Mapping[str, Any]) -> Iterator[str]:
    soak = suite["soak"]
    if soak is None:
        yield "There was no soak: faults that only hurt in each other's company were not looked for."
        return
    if soak["minutes"] < SOAK_MINUTES or (soak["faults"] or 0) < SOAK_FAULTS:
        yield (
            f"The soak had {plain(soak['faults'] or 0)} faults in {plain(soak['minutes'])} minutes; "
            f"the promise speaks of {SOAK_FAULTS} in {SOAK_MINUTES}."
        )


def _of_the_size(suite: Mapping[str, Any]) -> Iterator[str]:
    if suite["users"]:
        yield (
            f"Campaigns of {counted(suite['users'], 'user')} with faults of seconds: the service levels for 100,000 "
            "users and ten minutes of outage are shown by the full SLO run, not here."
        )
