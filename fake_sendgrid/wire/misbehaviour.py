"""What each fault does to a request: what is answered, and how the connection ends."""

import time

from fake_sendgrid.faults import Fault, FaultRule
from fake_sendgrid.wire.edge_page import show_edge_page
from fake_sendgrid.wire.outcome import Ending, Outcome
from fake_sendgrid.wire.reply import Reply, error

_ABSURD_S = 315_360_000
"""Ten years: a client that obeys never sends again."""
_EDGE_STATUSES = frozenset({502, 504})
_MESSAGES = {
    400: "Bad Request",
    401: "authorization required",
    403: "access forbidden",
    404: "not found",
    405: "method not allowed",
    413: "content too large",
    415: "Content-Type should be application/json.",
    429: "too many requests",
}
_REFUSALS = {
    Fault.REVOKED_KEY: "The provided authorization grant is invalid, expired, or revoked",
    Fault.SUSPENDED: "Authenticated user is not authorized to send mail",
    Fault.MAX_CREDITS: "Maximum credits exceeded",
}
_UNANSWERED = {Fault.CLOSE: Ending.CLOSE, Fault.RESET: Ending.RESET, Fault.HANG: Ending.SILENCE}
_AFTER_ACCEPTANCE = {
    Fault.ACCEPT_THEN_CLOSE: Ending.CLOSE,
    Fault.ACCEPT_THEN_RESET: Ending.RESET,
    Fault.ACCEPT_THEN_GARBAGE: Ending.GARBAGE,
    Fault.ACCEPT_THEN_HANG: Ending.SILENCE,
    Fault.DRIP: Ending.DRIP,
    Fault.TRUNCATED: Ending.TRUNCATE,
}


def refuse_first(rule: FaultRule) -> Outcome | None:
    """The end of a request that is not looked at; None when the fault lets it in."""
    fault = rule.fault
    if fault in _UNANSWERED:
        return Outcome(Reply(503), _UNANSWERED[fault], silence_s=rule.delay_s)
    if fault in _REFUSALS:
        return Outcome(error(401, _REFUSALS[fault]))
    if fault is Fault.TOO_MANY_REQUESTS:
        return Outcome(refuse_rate(rule.retry_headers, wait_s=rule.retry_after_s))
    if fault is Fault.HTML:
        return Outcome(show_edge_page(rule.status))
    return Outcome(show_failure(rule.status)) if fault is Fault.STATUS else None


def spoil(rule: FaultRule, reply: Reply) -> Outcome:
    """What becomes of an honest answer; a request that was not accepted keeps it."""
    fault = rule.fault
    if not reply.accepted:
        return Outcome(reply)
    if fault in _AFTER_ACCEPTANCE:
        ending = _AFTER_ACCEPTANCE[fault]
        return Outcome(reply, ending, silence_s=rule.delay_s, drip_bytes_per_s=rule.bytes_per_s)
    if fault is Fault.ACCEPT_THEN_STATUS:
        return Outcome(show_failure(rule.status))
    if fault is Fault.ACCEPT_THEN_HTML:
        return Outcome(show_edge_page(rule.status))
    if fault is Fault.NO_MESSAGE_ID:
        return Outcome(Reply(reply.status, reply.body, reply.content_type))
    return Outcome(reply)


def show_failure(status: int) -> Reply:
    """A server's failure as the API says it, or as its edge does."""
    if status in _EDGE_STATUSES:
        return show_edge_page(status)
    return error(status, _MESSAGES.get(status, "internal server error"))


def refuse_rate(headers: str, *, wait_s: int = 60) -> Reply:
    """A 429; its real headers on mail/send are not known, so all three kinds exist."""
    now_s = int(time.time())
    known = {
        "documented": _limit_headers(now_s + wait_s),
        "none": (),
        "absurd": (*_limit_headers(now_s + _ABSURD_S), ("Retry-After", str(_ABSURD_S))),
    }
    return error(429, "too many requests", headers=known[headers])


def _limit_headers(reset_s: int) -> tuple[tuple[str, str], ...]:
    return (("X-RateLimit-Limit", "600"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(reset_s)))


def tell_refusal(reply: Reply) -> dict[str, int]:
    """What the ledger keeps of a refusal: its status, and the Unix second before which nobody should come back."""
    reset = dict(reply.headers).get("X-RateLimit-Reset")
    return {"status": reply.status} if reset is None else {"status": reply.status, "retry_at": int(reset)}
