"""Clock, profile, latency, limit, and the one switch for full speed."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from fake_sendgrid.office.management.asked import Done, OfficeAsked
from fake_sendgrid.office.profile import Profile

router = APIRouter(tags=["pace"])
_STRICT = ConfigDict(extra="forbid")


class Clock(BaseModel):
    """Simulated seconds per real second; moves event delays, holds and retries, also pending ones."""

    model_config = _STRICT

    scale: Annotated[float, Field(ge=0.001, le=1_000_000)]


class Pace(BaseModel):
    """Median latency of answers, and the limit above which 429 is answered (null lifts it)."""

    model_config = _STRICT

    latency_ms: Annotated[float, Field(ge=0, le=600_000)] = 100.0
    mails_per_s: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class FullSpeed(BaseModel):
    """On: no latency, no event delays, no bounces, no nastiness. Off: everything as by default."""

    model_config = _STRICT

    on: bool


@router.get("/clock")
def read_clock(office: OfficeAsked) -> Clock:
    """The clock's scale."""
    return Clock(scale=office.emitter.clock_scale)


@router.put("/clock")
async def put_clock(office: OfficeAsked, clock: Clock) -> Clock:
    """Let simulated time run faster or slower from now on."""
    await office.thread.run(lambda: office.set_clock_scale(clock.scale))
    return clock


@router.get("/profile")
def read_profile(office: OfficeAsked) -> Profile:
    """How recipients behave."""
    return office.planner.profile


@router.put("/profile")
def put_profile(office: OfficeAsked, profile: Profile) -> Profile:
    """Change how recipients of mails processed from now on behave; what is left out takes its default."""
    office.planner.profile = profile
    return profile


@router.put("/pace")
async def put_pace(office: OfficeAsked, pace: Pace) -> Pace:
    """Change latency and limit."""
    await office.wire.ask({"op": "set_pace", **pace.model_dump()})
    return pace


@router.put("/full-speed")
async def put_full_speed(office: OfficeAsked, full_speed: FullSpeed) -> Done:
    """The one switch."""
    await office.set_full_speed(on=full_speed.on)
    return Done()
