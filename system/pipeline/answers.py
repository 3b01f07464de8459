"""What the provider's reply makes of a job: the one place where replies become states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from system.mail.reply import Reply, ReplyKind
from system.states import Happening, JobState, after
from system.storage.outcomes import Answer

if TYPE_CHECKING:
    import random

    from system.pipeline.letters import Mail
    from system.settings import Settings

_MEANING = {
    ReplyKind.ACCEPTED: ("accepted", Happening.ANSWER_ACCEPTED),
    ReplyKind.UNAVAILABLE: ("refused", Happening.ANSWER_REFUSED),
    ReplyKind.THROTTLED: ("refused", Happening.ANSWER_REFUSED),
    ReplyKind.BLOCKED: ("refused", Happening.ANSWER_REFUSED),
    ReplyKind.REJECTED: ("rejected", Happening.ANSWER_REJECTED),
    ReplyKind.AMBIGUOUS: ("ambiguous", Happening.ANSWER_AMBIGUOUS),
}

FAILURES_OF_THE_PROVIDER = frozenset({ReplyKind.UNAVAILABLE, ReplyKind.AMBIGUOUS})
"""What the breaker counts: a throttled or rejected mail was answered by a provider that works."""


def answer_for(mail: Mail, reply: Reply, *, settings: Settings, rng: random.Random) -> Answer:
    """The answer to write for one attempt; the last allowed refusal is a failure."""
    outcome, happening = _MEANING[reply.kind]
    reason = reply.reason
    if happening is Happening.ANSWER_REFUSED and mail.attempt >= settings.max_attempts:
        outcome, happening = "rejected", Happening.ANSWER_REJECTED
        reason = f"gave up after {mail.attempt} attempts, the last was refused: {reason}"
    wait_s = 0.0
    if happening is Happening.ANSWER_REFUSED:
        wait_s = max(
            backoff_s(mail.attempt, first_s=settings.retry_after_s, cap_s=settings.retry_cap_s, rng=rng),
            min(reply.retry_after_s or 0.0, settings.retry_after_max_s),
        )
    return Answer(
        job_id=mail.intent.job_id,
        attempt_id=mail.intent.attempt_id,
        outcome=outcome,
        happening=happening,
        target=_target(happening),
        reason=reason,
        message_id=reply.message_id,
        retry_after_s=wait_s,
    )


def released(mail: Mail) -> Answer:
    """The answer for a mail whose first byte never left, told by the worker that would have sent it."""
    return Answer(
        job_id=mail.intent.job_id,
        attempt_id=mail.intent.attempt_id,
        outcome="released",
        happening=Happening.RELEASED,
        target=_target(Happening.RELEASED),
    )


def backoff_s(attempt: int, *, first_s: float, cap_s: float, rng: random.Random) -> float:
    """Delay before the next try: doubles up to the cap, and keeps 50 to 100 % jitter even there."""
    full: float = min(cap_s, first_s * 2.0 ** min(attempt - 1, 30))
    return full * rng.uniform(0.5, 1.0)


def _target(happening: Happening) -> JobState:
    target = after(JobState.SENDING, happening)
    assert target is not None
    return target
