"""POST /v3/mail/send: the checks in the provider's order, then one ledger line per recipient."""

import base64
import hashlib
import os
from typing import Any

import orjson

from fake_sendgrid.wire.account import Account
from fake_sendgrid.wire.bodies import Bodies
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.rate_limit import RateLimit
from fake_sendgrid.wire.reply import HTML, TEXT, Reply, error, errors
from fake_sendgrid.wire.request import Request
from fake_sendgrid.wire.validation import find_errors

PATH = "/v3/mail/send"
_TOO_LARGE_HTML = (
    b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n"
    b"<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
Mail = dict[str, Any]


class MailSend:
    """Answers mail/send and writes what it accepted and rejected into the ledger."""

    def __init__(self, *, account: Account, ledger: Ledger, bodies: Bodies, limit: RateLimit) -> None:
        self._account = account
        self._ledger = ledger
        self._bodies = bodies
        self._limit = limit

    def answer(self, request: Request) -> Reply:
        """The provider's answer; the acceptance is in the ledger's buffer when this returns."""
        refusal = self._check_envelope(request)
        if refusal is not None:
            return self._reject(request, refusal)
        try:
            mail = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return self._reject(request, error(400, "Bad Request"))
        found = find_errors(mail)
        if found:
            return self._reject(request, errors(400, found))
        if not self._limit.allows(mails=len(mail["personalizations"]), now_ns=request.received_ns):
            return self._reject(request, error(429, "too many requests"))
        return self._accept(request, mail)

    def _check_envelope(self, request: Request) -> Reply | None:
        if request.method != "POST":
            return error(405, "POST method allowed only")
        refusal = self._account.refuse(request, scope="mail.send")
        if refusal is not None:
            return refusal
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return error(415, "Content-Type should be application/json.")
        if request.too_large:
            return Reply(413, _TOO_LARGE_HTML, content_type=HTML, close=True)
        return None

    def _reject(self, request: Request, reply: Reply) -> Reply:
        self._ledger.add(
            "rejected", received_ns=request.received_ns, status=reply.status, message=reply.body[:500].decode()
        )
        return reply

    def _accept(self, request: Request, mail: Mail) -> Reply:
        message_id = base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()
        shared = {
            "message_id": message_id,
            "content_sha256": _hash_content(mail),
            "body_at": self._bodies.add(request.body),
        }
        index = 0
        for personalization in mail["personalizations"]:
            custom_args = {**mail.get("custom_args", {}), **personalization.get("custom_args", {})}
            for recipient in personalization["to"]:
                self._ledger.add(
                    "accepted",
                    received_ns=request.received_ns,
                    recipient_index=index,
                    to=recipient["email"],
                    custom_args=custom_args,
                    **shared,
                )
                index += 1
        return Reply(202, content_type=TEXT, headers=(("X-Message-Id", message_id),))


def _hash_content(mail: Mail) -> str:
    """SHA-256 over the content values, each followed by a NUL."""
    digest = hashlib.sha256()
    for part in mail.get("content") or ():
        digest.update(part["value"].encode() + b"\0")
    return digest.hexdigest()
