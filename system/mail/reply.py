"""What the provider's answer means for the mail: definitely accepted, definitely not, or nobody knows.

Status codes: https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REASON_CHARS = 300
MAX_MESSAGE_ID_CHARS = 200


class ReplyKind(StrEnum):
    """How an attempt ended."""

    ACCEPTED = "accepted"
    UNAVAILABLE = "unavailable"  # no byte has left, or the provider was down: definitely not accepted
    THROTTLED = "throttled"  # definitely not accepted, come back later
    REJECTED = "rejected"  # definitely not accepted, and this mail never will be
    BLOCKED = "blocked"  # definitely not accepted, and no other mail will be until somebody acts
    AMBIGUOUS = "ambiguous"  # may have been accepted


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One attempt's end."""

    kind: ReplyKind
    reason: str | None = None
    message_id: str | None = None
    retry_after_s: float | None = None


def read_reply(
    *, status: int, headers: Mapping[str, str], body: bytes, ambiguous_statuses: frozenset[int], now: datetime
) -> Reply:
    """Classify a complete HTTP answer to mail/send."""
    kind = _kind_of(status, ambiguous_statuses=ambiguous_statuses)
    message_id = headers.get("X-Message-Id")
    if kind is ReplyKind.ACCEPTED:
        if message_id:
            return Reply(kind=kind, message_id=_storable(message_id)[:MAX_MESSAGE_ID_CHARS])
        return Reply(kind=ReplyKind.AMBIGUOUS, reason="202 without X-Message-Id")
    reason = f"{status}: {_first_message(body)}"[:MAX_REASON_CHARS]
    wait_s = _retry_after_s(headers, now=now) if kind is ReplyKind.THROTTLED else None
    return Reply(kind=kind, reason=reason, retry_after_s=wait_s)


_KINDS = {
    HTTPStatus.ACCEPTED: ReplyKind.ACCEPTED,
    HTTPStatus.UNAUTHORIZED: ReplyKind.BLOCKED,
    HTTPStatus.FORBIDDEN: ReplyKind.BLOCKED,
    HTTPStatus.REQUEST_TIMEOUT: ReplyKind.AMBIGUOUS,
    HTTPStatus.TOO_MANY_REQUESTS: ReplyKind.THROTTLED,
}


def _kind_of(status: int, *, ambiguous_statuses: frozenset[int]) -> ReplyKind:
    if status in _KINDS:
        return _KINDS[HTTPStatus(status)]
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ReplyKind.REJECTED
    # A redirect or another success is not what the contract promises: it tells nothing.
    if status < HTTPStatus.BAD_REQUEST or status in ambiguous_statuses:
        return ReplyKind.AMBIGUOUS
    return ReplyKind.UNAVAILABLE


def _first_message(body: bytes) -> str:
    """The first error of the provider's JSON, without the addresses that some messages quote."""
    try:
        error = json.loads(body)["errors"][0]
        text = f"{error.get('field') or ''} {error['message']}".strip()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "no readable error"
    return " ".join("<address>" if "@" in word else word for word in _storable(text).split())


def _storable(text: str) -> str:
    """The text without what PostgreSQL can't store: an answer that can't be written down would be lost."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds from Retry-After (RFC 9110 10.2.3) or X-RateLimit-Reset (Unix seconds); None if absent or absurd."""
    given = headers.get("Retry-After", "").strip()
    reset = headers.get("X-RateLimit-Reset", "").strip()
    if given.isdecimal():
        return float(given)
    if given:
        try:
            moment = parsedate_to_datetime(given).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return max(0.0, (moment - now).total_seconds())
    if reset.isdecimal():
        return max(0.0, float(reset) - now.timestamp())
    return None
