"""The management API: what testers ask the fake and tell it to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from fake_sendgrid.channel import Channel
from fake_sendgrid.office.clerk import Clerk
from fake_sendgrid.office.ledger_stream import stream_ledger
from fake_sendgrid.office.summary import Summary, summarize
from fake_sendgrid.signing import show_public_key


@dataclass(frozen=True, slots=True)
class Office:
    """The parts that management speaks for."""

    clerk: Clerk
    wire: Channel
    ledger_path: Path


class Health(BaseModel):
    """Both processes answer."""

    ok: bool


class Keys(BaseModel):
    """The webhook key's public half, as the provider shows it."""

    public_key: str


def make_management(office: Office) -> FastAPI:
    """The application of the management port."""
    app = FastAPI(title="fake_sendgrid management", version="1")
    clerk = office.clerk

    @app.get("/healthz")
    async def healthz() -> Health:
        """Whether both processes answer."""
        return Health(ok=(await office.wire.ask({"op": "ping"}))["ok"])

    @app.get("/ledger")
    async def ledger(after: Annotated[int, Query(ge=0)] = 0) -> StreamingResponse:
        """The ledger as JSON lines, after a sequence number."""
        return StreamingResponse(stream_ledger(office.ledger_path, after=after), media_type="application/x-ndjson")

    @app.get("/summary")
    async def summary() -> Summary:
        """Counts, peak rate and duplicates up to this moment."""
        return await clerk.on_store(lambda: summarize(clerk.emitter.store, clerk.intake))

    @app.post("/reset")
    async def reset() -> Health:
        """Forget every mail and event."""
        await office.wire.ask({"op": "reset"})
        await clerk.on_store(clerk.intake.reset)
        return Health(ok=True)

    @app.get("/keys")
    async def keys() -> Keys:
        """The key with which event posts are verified."""
        return Keys(public_key=show_public_key(clerk.poster.key))

    return app
