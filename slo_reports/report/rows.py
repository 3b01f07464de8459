"""Rows of the page's tables: flattened settings, moments of the timeline, numbers of the trend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from slo_reports.report.numbers import DASH, clock, plain, words

MAX_MOMENTS: Final = 40

_UNIT: Final = re.compile(r"_(s|ms)$")

_MACHINE: Final = "machine"
_GROUPS: Final = {"postgres": "PostgreSQL", "redis": "Redis", _MACHINE: "Machine"}
_KEYS: Final = {"cpu_model": "CPU", "memory_gib": "memory, GiB", "os": "system"}


def flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested keys joined by dots, each with its value as text."""
    if not isinstance(value, Mapping):
        return [(prefix, _text(value))]
    return [
        row for key, inner in value.items() for row in flat(inner, f"{prefix}.{key}" if prefix else str(key))
    ]  # fmt: skip


def groups(environment: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What stands alone describes the machine; every mapping is a group of its own."""
    alone = {key: value for key, value in environment.items() if not isinstance(value, Mapping)}
    named = [(key, flat(value)) for key, value in environment.items() if isinstance(value, Mapping)]
    return [(_spelled(key), _in_words(rows)) for key, rows in [(_MACHINE, flat(alone)), *named] if rows]


def _in_words(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was measured before comes before what was measured after."""
    in_time = sorted(rows, key=lambda row: not row[0].startswith("before"))
    return [(_KEYS.get(key, words(key).replace(".", " ")), value) for key, value in in_time]


def _spelled(key: str) -> str:
    return _GROUPS.get(key, words(key).capitalize())


def moments(timeline: Mapping[str, Any]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The timeline as a table: the columns' names, and evenly spaced rows."""
    columns = [(panel, series) for panel in timeline["panels"] if "series" in panel for series in panel["series"]]
    step = max(1, -(-timeline["points"] // MAX_MOMENTS))
    rows = [
        (clock(timeline["from_s"] + place * timeline["step_s"]), [_text(each["values"][place]) for _, each in columns])
        for place in range(0, timeline["points"], step)
    ]
    return [f"{series['name']} {panel['unit']}".strip() for panel, series in columns], rows


def trend_numbers(trend: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each number that any of the runs has, with its unit and its values over all of them."""
    runs, units = trend["runs"], trend["units"]
    names = dict.fromkeys([*units, *(name for line in runs for name in line.get("numbers") or {})])
    rows = [
        {"name": spoken(name), "unit": units.get(name, ""), "values": [_number(line, name) for line in runs]}
        for name in names
    ]
    return [row for row in rows if any(value is not None for value in row["values"])]


def spoken(name: str) -> str:
    """A number's name without its unit, which stands beside the value: `webhook_p99_ms` is `webhook p99`."""
    return words(_UNIT.sub("", name))


def ended(reconciliation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Final states with their share of all jobs."""
    total = reconciliation["jobs"] or 1
    return [{**row, "share": row["jobs"] / total} for row in reconciliation["endings"]]


def _number(line: Mapping[str, Any], name: str) -> float | None:
    value = (line.get("numbers") or {}).get(name)
    return float(value) if isinstance(value, int | float) else None


def _text(value: Any) -> str:
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return plain(value, digits=4)
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return str(value)
