"""A provider in memory: it accepts, refuses, rejects, loses its answers, accepts late, and tells events about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from system.mail.reply import Reply, ReplyKind

AT = 1_763_283_600


class Fate(StrEnum):
    """What the provider makes of one request."""

    ACCEPTED = "accepted"
    UNREACHABLE = "unreachable"
    THROTTLED = "throttled"
    REJECTED = "rejected"
    ANSWER_LOST = "answer_lost"  # accepted, and nobody heard it
    REQUEST_LOST = "request_lost"  # bytes left, and nobody took them
    LATE = "late"  # the worker gave up waiting; the request is still under way


REPLIES = {
    Fate.ACCEPTED: Reply(kind=ReplyKind.ACCEPTED, message_id="m1"),
    Fate.UNREACHABLE: Reply(kind=ReplyKind.UNAVAILABLE, reason="connection refused"),
    Fate.THROTTLED: Reply(kind=ReplyKind.THROTTLED, reason="429", retry_after_s=5.0),
    Fate.REJECTED: Reply(kind=ReplyKind.REJECTED, reason="400"),
    Fate.ANSWER_LOST: Reply(kind=ReplyKind.AMBIGUOUS, reason="reset"),
    Fate.REQUEST_LOST: Reply(kind=ReplyKind.AMBIGUOUS, reason="503"),
    Fate.LATE: Reply(kind=ReplyKind.AMBIGUOUS, reason="timeout"),
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One mail as the provider sees it."""

    campaign_id: int
    user_id: int
    job_id: int
    attempt_id: uuid.UUID


@dataclass
class ModelProvider:
    """What it accepted, in order, and what may still reach it."""

    accepted: list[Request] = field(default_factory=list)
    lingering: list[Request] = field(default_factory=list)

    def take(self, request: Request, fate: Fate) -> Reply:
        """The reply that the worker gets to see."""
        if fate in (Fate.ACCEPTED, Fate.ANSWER_LOST):
            self.accepted.append(request)
        elif fate is Fate.LATE:
            self.lingering.append(request)
        return REPLIES[fate]

    def event(self, index: int, kind: str, *, renamed: bool) -> dict[str, Any]:
        """An event about an accepted mail; `renamed` when it comes again under another id."""
        mail = self.accepted[index % len(self.accepted)]
        return {
            "event": kind,
            "timestamp": AT,
            "sg_event_id": str(uuid.uuid4()) if renamed else f"{kind}-{mail.attempt_id}",
            "sg_message_id": f"m1.{mail.attempt_id}",
            "campaign_id": str(mail.campaign_id),
            "job_id": str(mail.job_id),
            "attempt_id": str(mail.attempt_id),
        }
