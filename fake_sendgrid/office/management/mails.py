"""The inbox: accepted mails as their recipients would get them."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse

from fake_sendgrid.office.inbox import Listed, Opened, list_mails, open_mail
from fake_sendgrid.office.management.asked import OfficeAsked, Problem

router = APIRouter(prefix="/mails", tags=["mails"])
NEWEST = 2**53
Seq = Annotated[int, PathParameter(ge=1, le=NEWEST)]
_CAGE = "sandbox; default-src 'none'; img-src * data:; style-src 'unsafe-inline'"
"""A mail may show pictures and styles in the preview, and run nothing."""


@router.get("")
async def read_mails(
    office: OfficeAsked,
    before: Annotated[int, Query(ge=1, le=NEWEST)] = NEWEST,
    to: Annotated[str, Query(max_length=320)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[Listed]:
    """Accepted mails, newest first; `before` pages, `to` filters by a part of the address."""

    def read() -> list[Listed]:
        office.intake.catch_up()
        return list_mails(office.emitter.store, before=before, to=to, limit=limit)

    return await office.thread.run(read)


@router.get("/{seq}", responses={404: {"model": Problem}})
async def read_mail(office: OfficeAsked, seq: Seq) -> Opened:
    """One mail with headers, contents, unsubscribe lint and events."""

    def read() -> Opened | None:
        office.intake.catch_up()
        return open_mail(office.emitter.store, office.bodies, seq)

    mail = await office.thread.run(read)
    if mail is None:
        raise HTTPException(404, f"no accepted mail has seq {seq}; GET /mails lists them")
    return mail


@router.get("/{seq}/html", response_class=HTMLResponse, responses={404: {"model": Problem}})
async def read_html(office: OfficeAsked, seq: Seq) -> HTMLResponse:
    """The mail's HTML for a preview frame: scripts do not run."""
    mail = await read_mail(office, seq)
    return HTMLResponse(mail.html, headers={"Content-Security-Policy": _CAGE})
