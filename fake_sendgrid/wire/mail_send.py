"""POST /v3/mail/send: the checks in the provider's order, then the acceptance."""

import time
from typing import Any

import orjson

from fake_sendgrid.wire.acceptance import Acceptance
from fake_sendgrid.wire.account import Account
from fake_sendgrid.wire.edge_page import show_edge_page
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.misbehaviour import refuse_rate, tell_refusal
from fake_sendgrid.wire.rate_limit import RateLimit
from fake_sendgrid.wire.reply import TEXT, Reply, error, errors
from fake_sendgrid.wire.request import Request
from fake_sendgrid.wire.validation import find_errors

SHOWN_MESSAGE_BYTES = 500


class MailSend:
    """Answers mail/send and writes what it accepted and rejected into the ledger."""

    def __init__(self, *, account: Account, ledger: Ledger, acceptance: Acceptance, limit: RateLimit) -> None:
        self._account = account
        self._ledger = ledger
        self._acceptance = acceptance
        self.limit = limit

    def answer(self, request: Request, *, lost: bool = False) -> Reply:
        """The provider's answer; what it did is in the ledger's buffer when this returns."""
        reply = self._refuse_envelope(request) or self._answer_mail(request, lost=lost)
        if not reply.accepted:
            self._ledger.add(
                "rejected",
                received_ns=request.received_ns,
                **tell_refusal(reply),
                message=reply.body[:SHOWN_MESSAGE_BYTES].decode(errors="replace"),
            )
        return reply

    def _refuse_envelope(self, request: Request) -> Reply | None:
        if request.method != "POST":
            return error(405, "POST method allowed only")
        refusal = self._account.refuse(request, scope="mail.send")
        if refusal is not None:
            return refusal
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return error(415, "Content-Type should be application/json.")
        return show_edge_page(413) if request.too_large else None

    def _answer_mail(self, request: Request, *, lost: bool) -> Reply:
        try:
            mail = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return error(400, "Bad Request") if _is_utf8(request.body) else error(415, "Invalid UTF8 in request")
        found = find_errors(mail, self._account.policy(time.time()))
        if found:
            return errors(400, found)
        refusal = self._account.refuse_sender(mail["from"]["email"])
        if refusal is not None:
            return refusal
        if _is_sandboxed(mail):
            return Reply(200, content_type=TEXT)
        if not self.limit.allows(mails=_count_recipients(mail), now_ns=request.received_ns):
            return refuse_rate("documented")
        message_id = self._acceptance.record(request, mail, lost=lost)
        return Reply(202, content_type=TEXT, headers=(("X-Message-Id", message_id),))


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_sandboxed(mail: dict[str, Any]) -> bool:
    return ((mail.get("mail_settings") or {}).get("sandbox_mode") or {}).get("enable") is True


def _count_recipients(mail: dict[str, Any]) -> int:
    return sum(
        len(one["to"]) + len(one.get("cc") or ()) + len(one.get("bcc") or ()) for one in mail["personalizations"]
    )
