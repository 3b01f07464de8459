"""What a run does not prove, derived from how it was run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.checks.load import MOST_LAG_MS
from slo_reports.report.numbers import amount, counted, plain, words
from slo_reports.verdict import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slo_reports.verdict import Verdict

MAX_SPREAD: Final = 0.25
MAX_DROPPED: Final = 0.001


def limits_of(
    facts: Mapping[str, Any], verdicts: Sequence[Verdict], parts: Mapping[str, Any]
) -> list[str]:  # fmt: skip
    """Sentences, the gravest first; `parts` are the report's other sections."""
    return [
        *_of_the_ending(facts),
        *(f"It does not show {claim}." for claim in parts["mode"]["no_claims"]),
        *_of_the_code(facts),
        *_of_the_verdicts(verdicts),
        *_of_the_faults(parts["faults"]),
        *_of_the_load(parts["load"]),
        *_of_the_machine(facts.get("environment") or {}),
        *_ALWAYS,
    ]


def skipped_of(verdicts: Sequence[Verdict]) -> list[dict[str, str]]:
    """Every promise that was not decided, and why."""
    return [
        {"id": verdict.id, "name": verdict.name, "why": verdict.says}
        for verdict in verdicts
        if verdict.status is Status.UNKNOWN
    ]


def _of_the_ending(facts: Mapping[str, Any]) -> Iterator[str]:
    if (state := facts.get("state")) != "finished":
        yield f"The run did not reach its end (state: {state or 'not recorded'}): nothing here counts as met."


def _of_the_code(facts: Mapping[str, Any]) -> Iterator[str]:
    git = facts.get("git") or {}
    if not git.get("sha"):
        yield "No git revision was recorded: nobody can tell which code ran."
    elif git.get("dirty"):
        yield "The working tree had uncommitted changes: the git revision does not identify the code that ran."


def _of_the_verdicts(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What has the same reason is told once."""
    reasons: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.status is Status.UNKNOWN:
            reasons.setdefault(verdict.says.rstrip("."), []).append(verdict)
    for reason, those in reasons.items():
        if len(those) == 1:
            yield f"{those[0].id} {words(those[0].name)} was not decided: {reason}."
        else:
            yield f"{', '.join(verdict.id for verdict in those)} were not decided: {reason}."


def _of_the_faults(faults: Mapping[str, Any]) -> Iterator[str]:
    injections = faults.get("injections", [])
    bitten = sorted({each["fault"] for each in injections if each["injected"] and each["effects"]})
    for each in injections:
        name = f"{each['fault']} {words(each['name'])}"
        if not each["injected"]:
            yield f"Fault {name} was not injected: {each['error'] or 'it never began'}."
        elif not each["effects"]:
            yield f"Fault {name} showed no effect: it may not have happened at all."
    if bitten:
        yield f"Of the fault catalogue, only {', '.join(bitten)} took place; every other fault has its own experiment."
    else:
        yield "No fault is known to have taken place: this run shows nothing about recovery."


def _of_the_load(load: Mapping[str, Any]) -> Iterator[str]:
    if "missing" in load or not load.get("offered"):
        yield "No webhook load was driven: latency under load stays open."
        return
    if load["dropped"] > MAX_DROPPED * load["offered"]:
        yield f"The load generator dropped {counted(load['dropped'], 'post')} of {load['offered']:,}."
    if (lag := load["scheduler_lag_p99_ms"]) is not None and lag > MOST_LAG_MS:
        yield f"The load generator itself was late (p99 {amount(lag, 'ms')}, at most {plain(MOST_LAG_MS)} is sound)."


def _of_the_machine(environment: Mapping[str, Any]) -> Iterator[str]:
    noise = environment.get("noise") or {}
    spread = max((_spread(noise, when) for when in ("before", "after")), default=0.0)
    if spread > MAX_SPREAD:
        yield f"The machine was noisy (a fixed loop varied by {amount(spread, 'share')}): distrust small differences."
    if not noise.get("before"):
        yield "The machine's noise was not measured."
    if (environment.get("postgres") or {}).get("fsync") == "off":
        yield "PostgreSQL ran with fsync = off: nothing here says what survives a power failure."


def _spread(noise: Mapping[str, Any], when: str) -> float:
    return float((noise.get(when) or {}).get("spread") or 0.0)


_ALWAYS: Final = (
    (
        "The provider was the stand-in, not SendGrid, and every program shared one machine: "
        "real networks, real limits and the provider's own incidents are outside it."
    ),
    (
        "One run is one sample: another seed, week or machine may differ. That the checks can turn red is shown by the "
        "mutants, not by this run."
    ),
)
