"""Takes in the provider's webhook: checked, stored, committed, and only then answered with 204."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from system.errors import DependencyError
from system.failpoints import reach
from system.mail.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, SignatureCheck, Verdict
from system.metrics import WEBHOOK_EVENTS, WEBHOOK_POSTS, WEBHOOK_RESPONSE_S
from system.storage.inbox import post_digest
from system.tracing import link_mails, note, spanned
from system.web.body import BodyTooLargeError, discard_rest, read_body

if TYPE_CHECKING:
    from system.web.intake import Intake
    from system.web.nudge import Nudge

STATUSES: Final[dict[str, int]] = {
    "stored": 204,
    "replayed": 204,
    Verdict.MALFORMED: 400,
    Verdict.UNSIGNED: 401,
    Verdict.FORGED: 403,
    Verdict.STALE: 403,
    "too_slow": 408,
    "too_large": 413,
    "gone": 499,  # nobody is left to read it
    "unavailable": 503,
}
"""What became of a post, and the status that says so; the provider repeats everything but 2xx."""

RETRY_AFTER_S = 5
log = structlog.get_logger()


def webhook_routes(*, check: SignatureCheck, intake: Intake, nudge: Nudge, max_bytes: int) -> APIRouter:
    """The route that the provider posts to."""
    router = APIRouter()

    @router.post("/webhooks/sendgrid", status_code=204)
    async def receive(request: Request) -> Response:
        started_s, result = time.perf_counter(), "error"
        try:
            result = await take_in(request, check=check, intake=intake, nudge=nudge, max_bytes=max_bytes)
        finally:
            WEBHOOK_RESPONSE_S.labels(result).observe(time.perf_counter() - started_s)
            WEBHOOK_POSTS.labels(result).inc()
        return _answer(result)

    return router


@spanned("webhook", kind="server")
async def take_in(request: Request, *, check: SignatureCheck, intake: Intake, nudge: Nudge, max_bytes: int) -> str:
    """Check and store one post; a key of `STATUSES`."""
    try:
        body = await read_body(request, max_bytes=max_bytes)
    except BodyTooLargeError as exc:
        await discard_rest(request)
        return _unread(exc)
    except (TimeoutError, ClientDisconnect) as exc:
        return _unread(exc)
    timestamp = request.headers.get(TIMESTAMP_HEADER)
    signature = request.headers.get(SIGNATURE_HEADER)
    verdict = check.judge(body, signature=signature, timestamp=timestamp, now_s=time.time())
    if verdict is not Verdict.AUTHENTIC or timestamp is None:
        log.warning("webhook.refused", reason=verdict, bytes=len(body))
        return verdict
    return await _store(body, timestamp=timestamp, intake=intake, nudge=nudge)


async def _store(body: bytes, *, timestamp: str, intake: Intake, nudge: Nudge) -> str:
    link_mails(body)
    digest = post_digest(timestamp=timestamp, body=body)
    try:
        inbox_id = await intake.store(digest=digest, body=body)
    except DependencyError as exc:
        log.error("webhook.unavailable", error=str(exc))  # noqa: TRY400  # the cause is in the message, a traceback adds nothing
        return "unavailable"
    reach("after_inbox")
    if inbox_id is None:
        return "replayed"
    WEBHOOK_EVENTS.inc(body.count(b'"sg_event_id"'))
    note(inbox_id=inbox_id)
    nudge.add(inbox_id)
    return "stored"


def _unread(exc: Exception) -> str:
    result = {BodyTooLargeError: "too_large", TimeoutError: "too_slow"}.get(type(exc), "gone")
    log.warning("webhook.refused", reason=result)
    return result


def _answer(result: str) -> Response:
    status = STATUSES[result]
    if status == STATUSES["stored"]:
        return Response(status_code=status)
    headers = {"Retry-After": str(RETRY_AFTER_S)} if result == "unavailable" else None
    return Response(f"{result}\n", status_code=status, headers=headers, media_type="text/plain")
