"""The unsubscribe link: a page with a button for people, one POST for mail programs (RFC 8058)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import APIRouter, Response

from system.errors import DependencyError
from system.metrics import UNSUBSCRIPTIONS
from system.storage.suppression import UNSUBSCRIBED, suppress_user
from system.web.page import Page, show

if TYPE_CHECKING:
    from system.mail.links import UnsubscribeLinks
    from system.web.database import WebDatabase

ASK: Final = Page(
    title="Stop the weekly mail?",
    message="We will send you no more product recommendations. It takes effect at once.",
    button="Unsubscribe",
)
DONE: Final = Page(
    title="You are unsubscribed",
    message="You will get no more weekly mail from us. You can close this page.",
)
UNKNOWN: Final = Page(
    title="This link does not work",
    message="It is incomplete or was changed on its way. Please use the unsubscribe link of your newest mail.",
    status=404,
)
UNAVAILABLE: Final = Page(
    title="Please try again in a minute",
    message="We could not save your wish just now. Nothing has been changed yet.",
    button="Try again",
    status=503,
)

RETRY_AFTER_S = 60
log = structlog.get_logger()


def unsubscribe_routes(*, links: UnsubscribeLinks, database: WebDatabase, brand: str) -> APIRouter:
    """GET asks and changes nothing, because mail scanners follow links; POST suppresses, once or often."""
    router = APIRouter()

    @router.get("/u/{token}")
    async def ask(token: str) -> Response:
        return show(ASK if links.read(token) else UNKNOWN, brand=brand)

    @router.post("/u/{token}")
    async def unsubscribe(token: str) -> Response:
        page = await _suppress(token, links=links, database=database)
        retry = {"Retry-After": str(RETRY_AFTER_S)} if page is UNAVAILABLE else None
        return show(page, brand=brand, headers=retry)

    return router


async def _suppress(token: str, *, links: UnsubscribeLinks, database: WebDatabase) -> Page:
    subscription = links.read(token)
    if subscription is None:
        UNSUBSCRIPTIONS.labels("unknown_link").inc()
        return UNKNOWN
    try:
        changed = await database.run(partial(suppress_user, user_id=subscription.user_id, reason=UNSUBSCRIBED))
    except DependencyError as exc:
        UNSUBSCRIPTIONS.labels("unavailable").inc()
        log.error("unsubscribe.unavailable", user_id=subscription.user_id, error=str(exc))  # noqa: TRY400  # the message has the cause
        return UNAVAILABLE
    UNSUBSCRIPTIONS.labels("done" if changed else "repeated").inc()
    log.info("user.unsubscribed", user_id=subscription.user_id, campaign_id=subscription.campaign_id, changed=changed)
    return DONE
