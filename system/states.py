"""The life of an email job: its states, what can happen to it, and the total table of transitions.

pending ─▶ ready ─▶ claimed ─▶ sending ─▶ accepted ─▶ delivered ─▶ bounced ─▶ dropped
   │         ▲  ◀──────┘          │ ├──▶ failed            (webhook evidence only ever moves right)
   │         └──── refused ───────┘ └──▶ unknown ─▶ accepted … | indeterminate
   └▶ skipped
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """Where one user's mail of one campaign stands."""

    PENDING = "pending"  # dispatched, waits for recommendations
    READY = "ready"  # has its products, may be claimed once next_attempt_at has come
    CLAIMED = "claimed"  # one worker holds it under a lease; no byte has left
    SENDING = "sending"  # the intent is committed; bytes may have left
    UNKNOWN = "unknown"  # nobody knows whether the provider accepted; waits for evidence
    ACCEPTED = "accepted"  # the provider took responsibility
    DELIVERED = "delivered"  # the recipient's server took it
    BOUNCED = "bounced"  # the recipient's server refused it
    DROPPED = "dropped"  # the provider did not try: suppressed or invalid
    FAILED = "failed"  # definitely not accepted, and never will be; carries a reason
    SKIPPED = "skipped"  # deliberately not sent; carries a reason
    INDETERMINATE = "indeterminate"  # no evidence came until the deadline; counted as a failure


class Happening(StrEnum):
    """What can happen to a job."""

    RECOMMENDED = "recommended"
    EXCLUDED = "excluded"  # suppressed, no usable address, nothing to recommend, campaign cancelled
    CLAIMED = "claimed"
    RELEASED = "released"  # given back by the worker that held it, no byte sent
    CLAIM_LAPSED = "claim_lapsed"  # the lease ran out before an intent was written
    INTENT = "intent"
    ANSWER_ACCEPTED = "answer_accepted"
    ANSWER_REFUSED = "answer_refused"  # definitely not accepted, try again later
    ANSWER_REJECTED = "answer_rejected"  # definitely not accepted, and pointless to repeat
    ANSWER_AMBIGUOUS = "answer_ambiguous"
    SEND_LAPSED = "send_lapsed"  # the lease ran out after an intent was written
    UNRENDERABLE = "unrenderable"
    EVIDENCE_ACCEPTED = "evidence_accepted"  # any authentic event that carries one of our attempts
    EVIDENCE_DELIVERED = "evidence_delivered"
    EVIDENCE_BOUNCED = "evidence_bounced"
    EVIDENCE_DROPPED = "evidence_dropped"
    RESTORED = "restored"  # the database came from a backup: the mail may have been sent after that was taken
    DEADLINE = "deadline"  # the resolution deadline has passed without evidence


_S = JobState
_H = Happening

_NOT_SENT: Final = (_S.READY, _S.CLAIMED)
_MAYBE_SENT: Final = (_S.SENDING, _S.UNKNOWN)

TRANSITIONS: Final[dict[tuple[JobState, Happening], JobState]] = {
    (_S.PENDING, _H.RECOMMENDED): _S.READY,
    (_S.PENDING, _H.EXCLUDED): _S.SKIPPED,
    (_S.READY, _H.EXCLUDED): _S.SKIPPED,
    (_S.CLAIMED, _H.EXCLUDED): _S.SKIPPED,
    (_S.READY, _H.CLAIMED): _S.CLAIMED,
    (_S.CLAIMED, _H.RELEASED): _S.READY,
    (_S.CLAIMED, _H.CLAIM_LAPSED): _S.READY,
    (_S.CLAIMED, _H.UNRENDERABLE): _S.FAILED,
    (_S.CLAIMED, _H.INTENT): _S.SENDING,
    # Only the worker that holds the attempt may say this: it knows that it never wrote a byte.
    (_S.SENDING, _H.RELEASED): _S.READY,
    (_S.SENDING, _H.ANSWER_ACCEPTED): _S.ACCEPTED,
    (_S.SENDING, _H.ANSWER_REFUSED): _S.READY,
    (_S.SENDING, _H.ANSWER_REJECTED): _S.FAILED,
    (_S.SENDING, _H.ANSWER_AMBIGUOUS): _S.UNKNOWN,
    (_S.SENDING, _H.SEND_LAPSED): _S.UNKNOWN,
    **{(source, _H.RESTORED): _S.UNKNOWN for source in (_S.PENDING, *_NOT_SENT)},
    (_S.UNKNOWN, _H.DEADLINE): _S.INDETERMINATE,
    # A job that was refused and waits for its next try is accepted after all when an event of an
    # earlier attempt arrives: moving it here is what prevents the second mail.
    **{
        (source, happening): target
        for source in (*_NOT_SENT, *_MAYBE_SENT)
        for happening, target in (
            (_H.EVIDENCE_ACCEPTED, _S.ACCEPTED),
            (_H.EVIDENCE_DELIVERED, _S.DELIVERED),
            (_H.EVIDENCE_BOUNCED, _S.BOUNCED),
            (_H.EVIDENCE_DROPPED, _S.DROPPED),
        )
    },
    (_S.ACCEPTED, _H.EVIDENCE_DELIVERED): _S.DELIVERED,
    (_S.ACCEPTED, _H.EVIDENCE_BOUNCED): _S.BOUNCED,
    (_S.ACCEPTED, _H.EVIDENCE_DROPPED): _S.DROPPED,
    # The recipient's server may accept a mail and bounce it later.
    (_S.DELIVERED, _H.EVIDENCE_BOUNCED): _S.BOUNCED,
    (_S.DELIVERED, _H.EVIDENCE_DROPPED): _S.DROPPED,
    (_S.BOUNCED, _H.EVIDENCE_DROPPED): _S.DROPPED,
}

IN_WORK: Final = frozenset({_S.PENDING, _S.READY, _S.CLAIMED, _S.SENDING, _S.UNKNOWN})
"""A campaign is complete when none of its jobs is in one of these."""

SENT: Final = frozenset({_S.ACCEPTED, _S.DELIVERED, _S.BOUNCED, _S.DROPPED})
"""The provider accepted the mail, whatever became of it later."""

FAILURES: Final = frozenset({_S.FAILED, _S.INDETERMINATE})
"""What counts against the failure budget."""

REASONED: Final = frozenset({_S.FAILED, _S.SKIPPED, _S.INDETERMINATE, _S.BOUNCED, _S.DROPPED})
"""A job in one of these says why."""


def after(state: JobState, happening: Happening) -> JobState | None:
    """The state that follows, or None when the happening changes nothing: the table is total."""
    return TRANSITIONS.get((state, happening))


def sources(happening: Happening) -> list[str]:
    """The states from which a happening moves a job, for the WHERE of its compare-and-set."""
    return sorted(source for source, what in TRANSITIONS if what is happening)


class EventKind(StrEnum):
    """Event types of the provider's webhook (Event Webhook reference, field `event`)."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCE = "bounce"
    DROPPED = "dropped"
    OPEN = "open"
    CLICK = "click"
    SPAMREPORT = "spamreport"
    UNSUBSCRIBE = "unsubscribe"
    GROUP_UNSUBSCRIBE = "group_unsubscribe"
    GROUP_RESUBSCRIBE = "group_resubscribe"


EVIDENCE: Final[dict[EventKind, Happening]] = {
    kind: {
        EventKind.DELIVERED: _H.EVIDENCE_DELIVERED,
        EventKind.BOUNCE: _H.EVIDENCE_BOUNCED,
        EventKind.DROPPED: _H.EVIDENCE_DROPPED,
    }.get(kind, _H.EVIDENCE_ACCEPTED)
    for kind in EventKind
}
"""What each event proves; an open or a click proves acceptance and never delivery."""

EVIDENCE_ORDER: Final = (_H.EVIDENCE_ACCEPTED, _H.EVIDENCE_DELIVERED, _H.EVIDENCE_BOUNCED, _H.EVIDENCE_DROPPED)
"""Weakest first; a set of events proves its maximum, so that order and repetition don't matter."""
