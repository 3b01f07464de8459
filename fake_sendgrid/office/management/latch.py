"""The latch: hold the next mail request, see it, let it go."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict

from fake_sendgrid.office.management.asked import Done, OfficeAsked, Problem

router = APIRouter(prefix="/latch", tags=["latch"])
MAX_WAIT_S = 60


class Point(StrEnum):
    """Where the request is held."""

    BEFORE_ACCEPTANCE = "before_acceptance"
    AFTER_ACCEPTANCE = "after_acceptance"


class Release(StrEnum):
    """How the held request ends."""

    ANSWER = "answer"
    CLOSE = "close"
    RESET = "reset"


class Arming(BaseModel):
    """Held before acceptance, no ledger line exists yet; after it, the mail counts but nobody knows."""

    model_config = ConfigDict(extra="forbid")

    at: Point = Point.BEFORE_ACCEPTANCE


class Releasing(BaseModel):
    """What the client gets to see."""

    model_config = ConfigDict(extra="forbid")

    then: Release = Release.ANSWER


class LatchState(BaseModel):
    """Whether the latch waits for a request, and the one it holds."""

    armed: bool
    held: dict[str, Any] | None


@router.post("")
async def arm_latch(office: OfficeAsked, arming: Arming) -> Done:
    """Hold the next mail request."""
    await office.wire.ask({"op": "arm_latch", "after": arming.at is Point.AFTER_ACCEPTANCE})
    return Done()


@router.get("")
async def read_latch(office: OfficeAsked, wait_s: Annotated[float, Query(ge=0, le=MAX_WAIT_S)] = 0) -> LatchState:
    """The held request; waits for one up to `wait_s`."""
    return LatchState.model_validate(await office.wire.ask({"op": "show_latch", "wait_s": wait_s}))


@router.post("/release", responses={409: {"model": Problem}})
async def release_latch(office: OfficeAsked, releasing: Releasing) -> Done:
    """Let the held request go, and disarm."""
    answer = await office.wire.ask({"op": "release_latch", "ending": releasing.then.value})
    if not answer["released"]:
        raise HTTPException(409, "no request is held; POST /latch arms, GET /latch?wait_s=10 waits for one")
    return Done()
