"""The stages of a load: how many events a second, for how long."""

from __future__ import annotations

from dataclasses import dataclass

from system.errors import InputError

WARM_UP = "warm-up"
REST = "rest"
_REMEDY = (
    "Write NAME:SECONDSs:EVENTS_PER_S with commas between stages, such as warm-up:5s:250,hold:60s:500,soak:rest:500"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One span of constant rate; `seconds` is None when it lasts until the load is told to stop."""

    name: str
    seconds: float | None
    events_per_s: float


def parse_stages(text: str) -> tuple[Stage, ...]:
    """The stages of `warm-up:5s:250,hold:60s:500,soak:rest:500`; InputError says what can't be read."""
    stages = tuple(_parse_stage(part) for part in text.split(","))
    for stage in stages[:-1]:
        if stage.seconds is None:
            raise InputError(
                field="stages",
                value=text,
                problem=f"lets {stage.name} last for the rest, but another stage follows",
                remedy="Give every stage but the last its seconds",
            )
    return stages


def _parse_stage(text: str) -> Stage:
    try:
        name, span, rate = text.strip().split(":")
        seconds = None if span == REST else float(span.removesuffix("s"))
        stage = Stage(name=name, seconds=seconds, events_per_s=float(rate))
    except ValueError:
        raise InputError(field="stages", value=text, problem="is not a stage", remedy=_REMEDY) from None
    if not name or (seconds is not None and seconds <= 0) or stage.events_per_s < 0:
        raise InputError(field="stages", value=text, problem="has no name, no time or a negative rate", remedy=_REMEDY)
    return stage
