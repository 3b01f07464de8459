"""Health, ledger, summary, keys and reset."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from fake_sendgrid.office.ledger_stream import stream_ledger
from fake_sendgrid.office.management.asked import Done, OfficeAsked
from fake_sendgrid.office.summary import Summary, summarize
from fake_sendgrid.signing import show_public_key

router = APIRouter(tags=["state"])
SHOWN_S = 60


class Keys(BaseModel):
    """The webhook key's public half, as the provider shows it."""

    public_key: str


class Rate(BaseModel):
    """Mails accepted in each of the last seconds, oldest first, and the exact peak so far."""

    per_second: list[int]
    peak_per_rolling_s: int


@router.get("/healthz")
async def check_health(office: OfficeAsked) -> Done:
    """Whether both processes answer."""
    await office.wire.ask({"op": "ping"})
    return Done()


_LINES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}


@router.get("/ledger", response_class=StreamingResponse, responses=_LINES)
def read_ledger(office: OfficeAsked, after: Annotated[int, Query(ge=0)] = 0) -> StreamingResponse:
    """The ledger as JSON lines with a `seq` greater than `after`, up to now."""
    return StreamingResponse(stream_ledger(office.options.ledger_path, after=after), media_type="application/x-ndjson")


@router.get("/summary")
async def read_summary(office: OfficeAsked) -> Summary:
    """Counts, peak rate, duplicates and faults up to this moment."""
    return await office.thread.run(lambda: summarize(office.emitter.store, office.intake))


@router.get("/rate")
async def read_rate(office: OfficeAsked) -> Rate:
    """The rate of the last minute."""

    def read() -> Rate:
        office.intake.catch_up()
        per_second = office.intake.recent.last(SHOWN_S, now_s=time.time())
        return Rate(per_second=per_second, peak_per_rolling_s=office.intake.exact_peak())

    return await office.thread.run(read)


@router.get("/keys")
def read_keys(office: OfficeAsked) -> Keys:
    """The key with which event posts are verified."""
    return Keys(public_key=show_public_key(office.postman.poster.key))


@router.post("/reset")
async def reset(office: OfficeAsked) -> Done:
    """Forget mails, events, faults, suppressions, templates and groups; keep pace, profile and keys."""
    await office.reset()
    return Done()
