"""What a suite comes to: how many of what held, what was lost over all of it, one sentence, one exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.numbers import counted
from slo_reports.trials.filled import filled
from slo_reports.verdict import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FINISHED: Final = "finished"
SLOW: Final = "slow"
"""Every invariant held, and the full rate came later than it should."""
TONES: Final = {
    "held": "met", "caught": "met", "broken": "missed", "survived": "missed", "wrong": "missed", "skipped": "skipped",
}  # fmt: skip
"""Which mark an outcome bears; every other one is unknown."""

_WORDS: Final = {
    "held": "held", "caught": "were caught", "slow": "slow", "broken": "broke", "survived": "survived",
    "wrong": "wrong", "inconclusive": "inconclusive", "not run": "not run",
}  # fmt: skip
_GOOD: Final = ("held", "caught")


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Over every run of the suite that could be counted, the soak's cycles included."""

    accepted: int
    duplicates: int
    unexplained: int
    runs: int
    uncounted: int
    """Runs that were carried out and are too damaged to count."""


def tone_of(outcome: str) -> str:
    """met, missed, skipped or unknown."""
    return TONES.get(outcome, "unknown")


def suite_exit_code(facts: Mapping[str, Any]) -> ExitCode:
    """0 all held · 1 one was slow · 2 an experiment or cycle broke, or a mutant was not caught · 3 anything is open.

    What this machine can't show spoils nothing, unless nothing else was carried out.
    """
    suite = filled(facts)
    outcomes = {str(each["outcome"]) for each in _all(suite)}
    tones = {tone_of(outcome) for outcome in outcomes}
    if "missed" in tones:
        return ExitCode.VIOLATED
    if SLOW in outcomes:
        return ExitCode.MISSED
    if "unknown" in tones or "met" not in tones or suite["state"] != FINISHED:
        return ExitCode.INCONCLUSIVE
    return ExitCode.MET


def sentence_of(facts: Mapping[str, Any]) -> str:
    """The verdict; what is not as it should be stands in it."""
    suite = filled(facts)
    told = [part for part in _parts(suite) if part]
    if not told:
        return "Nothing was carried out: nothing is proven."
    sums = sums_of(suite)
    ending = "" if suite["state"] == FINISHED else f" The suite did not reach its end (state: {suite['state']})."
    lost = f"{counted(sums.duplicates, 'duplicate')} and {counted(sums.unexplained, 'unexplained job')}"
    return f"{', '.join(told)}: {lost} among {counted(sums.accepted, 'mail')}.{ending}"


def sums_of(facts: Mapping[str, Any]) -> Sums:
    """Mutants are meant to go wrong and are not counted."""
    suite = filled(facts)
    carried_out = [each for each in (*suite["experiments"], *_cycles(suite)) if each["run"] or each["numbers"]]
    known = [each["numbers"] for each in carried_out if each["numbers"].get("accepted") is not None]
    return Sums(
        accepted=_sum(known, "accepted"),
        duplicates=_sum(known, "duplicates"),
        unexplained=_sum(known, "unexplained"),
        runs=len(known),
        uncounted=len(carried_out) - len(known),
    )


def outcomes_of(rows: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many of each."""
    return Counter(str(each["outcome"]) for each in rows)


def _parts(suite: Mapping[str, Any]) -> list[str]:
    return [
        _part(suite["experiments"], "experiment"),
        _part(suite["mutants"], "mutant"),
        _part(_cycles(suite), "soak cycle"),
    ]


def _part(rows: Sequence[Mapping[str, Any]], thing: str) -> str:
    """`20 of 22 experiments held (1 broke, 1 not run; 2 skipped)`; empty when there are none."""
    outcomes = outcomes_of(rows)
    skipped = outcomes.pop("skipped", 0)
    good = next((outcome for outcome in _GOOD if outcome in outcomes), "caught" if thing == "mutant" else "held")
    rest = ", ".join(f"{number} {_WORDS[outcome]}" for outcome, number in outcomes.items() if outcome != good)
    aside = "; ".join(part for part in (rest, f"{skipped} skipped" if skipped else "") if part)
    if not rows:
        return ""
    total = len(rows) - skipped
    return f"{outcomes[good]} of {counted(total, thing)} {_WORDS[good]}" + (f" ({aside})" if aside else "")


def _all(suite: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*suite["experiments"], *suite["mutants"], *_cycles(suite)]


def _cycles(suite: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return suite["soak"]["cycles"] if suite["soak"] else []


def _sum(numbers: Iterable[Mapping[str, float | None]], name: str) -> int:
    return round(sum(each.get(name) or 0 for each in numbers))
