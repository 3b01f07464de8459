"""`suite.json` with everything that it may leave out: a suite that is still recorded is drawn like a finished one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SUITE: Final[dict[str, Any]] = {
    "users": None, "finished": None, "git": {}, "environment": {}, "control": None, "uncovered": [], "mutants": [],
    "soak": None,
}  # fmt: skip
_EXPERIMENT: Final[dict[str, Any]] = {
    "rank": "", "loses": "", "why": "", "notices": "", "dependency": "", "trouble": "none", "invariants": [],
    "expected": {}, "ended_within_s": None, "source": None, "reason": "", "run": None, "faults": [], "verdicts": [],
    "numbers": {},
}  # fmt: skip
_EXPECTED: Final = dict.fromkeys(("failed", "indeterminate", "first_accept_s", "full_rate_s", "operator_actions"))
_FAULT: Final = {"name": "", "ends_at": None, "healed_at": None, "observed": 0, "how": ""}
_VERDICT: Final[dict[str, Any]] = {"evidence": []}
_MUTANT: Final = {"experiment": None, "reason": ""}
_SOAK: Final = {"faults": None, "shrunk": None}
_CYCLE: Final[dict[str, Any]] = {"seed": None, "run": None, "reason": "", "steps": [], "numbers": {}}


def reason_of(row: Mapping[str, Any]) -> str:
    """Why an experiment, mutant or cycle is not as it should be; never empty."""
    if row["reason"]:
        return str(row["reason"])
    if "caught" in row:
        return f"expected {_listed(row['expected'])} to turn red, and {_listed(row['caught'])} did"
    return "no reason was given"


def filled(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A copy; what may be null is null, what may be empty is empty."""
    suite = _with(_SUITE, facts)
    return {
        **suite,
        "git": suite["git"] or {},
        "environment": suite["environment"] or {},
        "experiments": [_experiment(each) for each in suite["experiments"]],
        "mutants": [_with(_MUTANT, each) for each in suite["mutants"]],
        "soak": _soak(suite["soak"]) if suite["soak"] else None,
    }


def _experiment(told: Mapping[str, Any]) -> dict[str, Any]:
    experiment = _with(_EXPERIMENT, told)
    return {
        **experiment,
        "expected": _with(_EXPECTED, experiment["expected"]),
        "faults": [_with(_FAULT, each) for each in experiment["faults"]],
        "verdicts": [_with(_VERDICT, each) for each in experiment["verdicts"]],
    }


def _soak(told: Mapping[str, Any]) -> dict[str, Any]:
    soak = _with(_SOAK, told)
    return {**soak, "cycles": [_with(_CYCLE, each) for each in soak["cycles"]]}


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(numbers) or "none"


def _with(defaults: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    return {**defaults, **told}
