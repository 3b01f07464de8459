"""What was not the same around two runs, so that a change of numbers may not be a change of the system."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACES: Final = (
    ("environment", "cpu_model"),
    ("environment", "cores"),
    ("environment", "machine"),
    ("environment", "postgres", "synchronous_commit"),
    ("environment", "postgres", "fsync"),
    ("environment", "postgres", "full_page_writes"),
    ("environment", "redis", "appendonly"),
    ("environment", "redis", "appendfsync"),
    ("mode", "users"),
    ("mode", "outage_s"),
    ("campaign", "mails_per_s"),
    ("load", "events_per_s"),
)
"""Values of run.json that must be equal; versions may differ, for they are what a comparison is about."""

MEMORY: Final = ("environment", "memory_gib")
MEMORY_SHARE: Final = 0.1
LOOP_SHARE: Final = 0.25
"""How far apart the reference loop's times may be before the machine itself has changed its pace."""


def differences(facts: Mapping[str, Any], baseline: Mapping[str, Any]) -> list[str]:
    """Each as `what: here, there in the baseline`; empty when the runs can be compared."""
    return [*_unequal(facts, baseline), *_unequal_memory(facts, baseline), *_unequal_pace(facts, baseline)]


def _unequal(facts: Mapping[str, Any], baseline: Mapping[str, Any]) -> Iterator[str]:
    for place in PLACES:
        here, there = _at(facts, place), _at(baseline, place)
        if here != there:
            yield f"{'.'.join(place)}: {here}, {there} in the baseline"


def _unequal_memory(facts: Mapping[str, Any], baseline: Mapping[str, Any]) -> Iterator[str]:
    here, there = _at(facts, MEMORY), _at(baseline, MEMORY)
    if here and there and abs(here - there) > MEMORY_SHARE * there:
        yield f"{'.'.join(MEMORY)}: {here}, {there} in the baseline"


def _unequal_pace(facts: Mapping[str, Any], baseline: Mapping[str, Any]) -> Iterator[str]:
    here, there = _loop_ms(facts), _loop_ms(baseline)
    if here is None or there is None:
        yield "environment.noise: not measured in both runs"
    elif abs(here - there) > LOOP_SHARE * there:
        yield f"environment.noise: the reference loop took {here:.1f} ms, {there:.1f} ms in the baseline"


def _loop_ms(facts: Mapping[str, Any]) -> float | None:
    """The median of the reference loop, in the quieter of its two measurements."""
    loops = [_at(facts, ("environment", "noise", when, "reference_loop_ms")) for when in ("before", "after")]
    medians = [loop.get("p50") if isinstance(loop, dict) else median(loop) for loop in loops if loop]
    return min((float(known) for known in medians if known is not None), default=None)


def _at(facts: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    value: Any = facts
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value
