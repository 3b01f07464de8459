"""The verdict of the whole run, in one word and in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.numbers import counted, shortened, spelled_duration, words
from slo_reports.verdict import ExitCode, Kind, Status, exit_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slo_reports.verdict import Verdict

_NAMED_AT_MOST: Final = 3
_REASON_LETTERS: Final = 90


def outcome_of(facts: Mapping[str, Any], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """`outcome`, `exit_code`, `sentence`, and how many of each kind were met, missed and unknown."""
    code = _code_of(facts, verdicts)
    return {
        "outcome": code.name.lower(),
        "exit_code": int(code),
        "sentence": _SENTENCES[code](facts, verdicts),
        "counts": {
            kind.value: {status.value: len(_those(verdicts, kind=kind, status=status)) for status in Status}
            for kind in Kind
        },
    }


def _code_of(facts: Mapping[str, Any], verdicts: Sequence[Verdict]) -> ExitCode:
    """What broke off can't be met, however good its beginning looks."""
    code = exit_code(verdicts)
    if code is ExitCode.MET and facts.get("state") != "finished":
        return ExitCode.INCONCLUSIVE
    return code


def _met(facts: Mapping[str, Any], verdicts: Sequence[Verdict]) -> str:
    objectives = _those(verdicts, kind=Kind.OBJECTIVE)
    invariants = _those(verdicts, kind=Kind.INVARIANT)
    held = " and ".join(
        f"{len(those)} of {counted(len(those), thing)}"
        for those, thing in ((objectives, "objective"), (invariants, "invariant"))
        if those
    )
    return f"Met: {held} held{_scene(facts)}."


def _missed(facts: Mapping[str, Any], verdicts: Sequence[Verdict]) -> str:
    missed = _those(verdicts, kind=Kind.OBJECTIVE, status=Status.MISSED)
    rest = "" if _those(verdicts, kind=Kind.INVARIANT, status=Status.UNKNOWN) else "; every invariant held"
    return f"Missed: {_of_all(missed, verdicts)}{_scene(facts)}: {_named(missed)}{rest}."


def _violated(facts: Mapping[str, Any], verdicts: Sequence[Verdict]) -> str:
    violated = _those(verdicts, kind=Kind.INVARIANT, status=Status.MISSED)
    return f"Violated: {_of_all(violated, verdicts)}{_scene(facts)}: {_named(violated)}."


def _inconclusive(facts: Mapping[str, Any], verdicts: Sequence[Verdict]) -> str:
    unknown = [verdict for verdict in verdicts if verdict.status is Status.UNKNOWN]
    state, reason = facts.get("state"), facts.get("reason")
    if state != "finished":
        because = f" ({shortened(str(reason), _REASON_LETTERS)})" if reason else ""
        why = f"the run {_ENDINGS.get(str(state), 'did not finish')}{because}"
    elif not verdicts:
        why = "nothing was judged"
    else:
        why = f"{counted(len(unknown), 'promise')} could not be decided: {_named(unknown)}"
    return f"Inconclusive: {why}."


def _harness_error(facts: Mapping[str, Any], _verdicts: Sequence[Verdict]) -> str:
    return f"Harness error: {facts.get('reason') or 'the run could not be carried out'}."


_ENDINGS: Final = {
    "interrupted": "was interrupted",
    "running": "never reached its end",
    "crashed": "broke off",
    "failed": "broke off",
}
_SENTENCES: Final = {
    ExitCode.MET: _met,
    ExitCode.MISSED: _missed,
    ExitCode.VIOLATED: _violated,
    ExitCode.INCONCLUSIVE: _inconclusive,
    ExitCode.HARNESS_ERROR: _harness_error,
}


def _scene(facts: Mapping[str, Any]) -> str:
    mode = facts.get("mode") or {}
    users = f" for {counted(mode['users'], 'user')}" if mode.get("users") else ""
    outage = f" through a provider outage of {spelled_duration(mode['outage_s'])}" if mode.get("outage_s") else ""
    return users + outage


def _those(verdicts: Sequence[Verdict], *, kind: Kind, status: Status | None = None) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.kind is kind and status in (None, verdict.status)]


def _of_all(some: Sequence[Verdict], verdicts: Sequence[Verdict]) -> str:
    """`1 of 16 invariants`."""
    kind = some[0].kind
    return f"{len(some)} of {counted(len(_those(verdicts, kind=kind)), kind.value)}"


def _named(verdicts: Sequence[Verdict]) -> str:
    shown = ", ".join(f"{words(verdict.name)} ({verdict.id})" for verdict in verdicts[:_NAMED_AT_MOST])
    more = len(verdicts) - _NAMED_AT_MOST
    return f"{shown} and {more} more" if more > 0 else shown
