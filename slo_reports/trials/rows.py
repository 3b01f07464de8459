"""The rows of a suite's tables: what an experiment cost beside what it might cost, and beside its control run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from slo_reports.report.numbers import MINUS, amount
from slo_reports.trials.conclusion import SLOW, tone_of
from slo_reports.trials.filled import reason_of
from slo_reports.trials.numbers import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

KILLS: Final = "F07"
"""The row of the fault matrix in which an email worker is killed."""

_SECONDS: Final = "s "
_PARTS: Final = re.compile(r"([A-Z]+)([0-9]+)")

Experiment = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A number beside its limit; None where it was not measured, or where nothing limits it."""

    name: str
    value: float | None
    most: float | None
    unit: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it is more than was allowed."""
        return self.value is not None and self.most is not None and self.value > self.most


def costs_of(experiment: Experiment) -> list[Cost]:
    """Jobs that were lost."""
    numbers, expected = experiment["numbers"], experiment["expected"]
    return [
        Cost(name=name, value=numbers.get(name), most=expected[name] if numbers else None)
        for name in ("failed", "indeterminate")
    ]


def recovery_of(experiment: Experiment) -> list[Cost]:
    """Seconds since the end of healing; without a fault there is nothing to come back from."""
    numbers, expected = experiment["numbers"], experiment["expected"]
    limits = {
        "first mail": ("first_accept_s", expected["first_accept_s"]),
        "full rate": ("full_rate_s", expected["full_rate_s"]),
        "all ended": ("ended_after_healing_s", experiment["ended_within_s"]),
    }
    return [
        Cost(name=name, value=numbers.get(key), most=most if experiment["faults"] else None, unit="s")
        for name, (key, most) in limits.items()
    ]


def control_of(suite: Mapping[str, Any]) -> Experiment | None:
    """The run without a fault, when it was carried out."""
    return next((each for each in suite["experiments"] if each["name"] == suite["control"] and each["numbers"]), None)


def beside_control(experiment: Experiment, control: Experiment | None) -> list[dict[str, Any]]:
    """Every number, the control's, and the difference."""
    rows = []
    for name, says in NAMES.items():
        value, other = experiment["numbers"].get(name), (control or {"numbers": {}})["numbers"].get(name)
        unit, spoken = ("s", says.removeprefix(_SECONDS)) if says.startswith(_SECONDS) else ("", says)
        rows.append({"name": spoken, "unit": unit, "value": value, "control": other, "delta": _delta(value, other)})
    return [row for row in rows if row["value"] is not None or row["control"] is not None]


def took_longer(experiment: Experiment, control: Experiment | None) -> float | None:
    """Seconds from start to end, less those of the control run; None for the control run itself."""
    if control is None or experiment["name"] == control["name"]:
        return None
    return _delta(experiment["numbers"].get("took_s"), control["numbers"].get("took_s"))


def signed(value: float | None, unit: str = "") -> str:
    """A difference: `+12.3 s`."""
    text = amount(value, unit)
    return f"+{text}" if value is not None and value > 0 and not text.startswith(MINUS) else text


def time_of_day(at: float | None) -> str:
    """`14:03:07.2`, UTC."""
    return f"{datetime.fromtimestamp(at, tz=UTC):%H:%M:%S.%f}"[:10] if at is not None else "never"


def kills_of(suite: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each killed worker left behind that nobody may ever know of, beside the group that it had in flight."""
    return [
        {
            "experiment": each,
            "kills": (kills := each["numbers"].get("effects")),
            "indeterminate": (lost := each["numbers"].get("indeterminate")),
            "most": each["expected"]["indeterminate"],
            "per_kill": lost / kills if kills and lost is not None else None,
        }
        for each in suite["experiments"]
        if each["fault"] == KILLS and each["outcome"] not in ("skipped", "not run")
    ]


def checkers_of(mutants: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every invariant that a mutant was meant to turn red or did, in their order."""
    return sorted({one for each in mutants for one in (*each["expected"], *each["caught"])}, key=_in_order)


def hits_of(mutant: Mapping[str, Any], checkers: Sequence[str]) -> list[str]:
    """For each checker: red (as expected), missed (expected, and stayed green), stray (not expected), or nothing."""
    if mutant["outcome"] == "not run":
        return ["open" if one in mutant["expected"] else "" for one in checkers]
    words = {(True, True): "red", (True, False): "missed", (False, True): "stray", (False, False): ""}
    return [words[one in mutant["expected"], one in mutant["caught"]] for one in checkers]


def grouped(named: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Of (outcome, name, reason), one row for all that share outcome and reason, the names joined by commas."""
    together: dict[tuple[str, str], list[str]] = {}
    for outcome, name, reason in named:
        together.setdefault((outcome, reason), []).append(name)
    return [(outcome, ", ".join(names), reason) for (outcome, reason), names in together.items()]


def not_shown(suite: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the fault matrix, and experiments, that nothing was learned from, each with its reason."""
    left_out = [
        each
        for each in suite["experiments"]
        if tone_of(each["outcome"]) in ("skipped", "unknown") and each["outcome"] != SLOW
    ]
    return [
        *({**each, "what": each["outcome"], "reason": reason_of(each)} for each in left_out),
        *({**each, "what": "no experiment"} for each in suite["uncovered"]),
    ]


def _delta(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else round(value - other, 4)


def _in_order(number: str) -> tuple[str, int]:
    found = _PARTS.fullmatch(number)
    return (found[1], int(found[2])) if found else (number, 0)
