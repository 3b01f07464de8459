"""What stands in the ledger about an accepted mail: one line per recipient, with all that its later life needs."""

import base64
import hashlib
import os
from typing import Any

from fake_sendgrid.wire.bodies import Bodies
from fake_sendgrid.wire.ledger import Ledger
from fake_sendgrid.wire.request import Request

Mail = dict[str, Any]
_KEPT = ("categories", "batch_id", "template_id", "ip_pool_name")


class Acceptance:
    """Writes the body once and a line for every to, cc and bcc; lines of cc and bcc carry their `role`."""

    def __init__(self, *, ledger: Ledger, bodies: Bodies) -> None:
        self._ledger = ledger
        self._bodies = bodies

    def record(self, request: Request, mail: Mail, *, lost: bool) -> str:
        """Gather the lines; returns the X-Message-Id. `lost` mails never produce an event."""
        message_id = make_message_id()
        shared = self._describe(request, mail, message_id)
        if lost:
            shared["lost"] = True
        index = 0
        for number, one in enumerate(mail["personalizations"]):
            own = {
                "personalization": number,
                "custom_args": {**(mail.get("custom_args") or {}), **(one.get("custom_args") or {})},
            }
            send_at = one.get("send_at", mail.get("send_at"))
            if send_at is not None:
                own["send_at"] = send_at
            if "subject" in one:
                own["subject"] = one["subject"]
            for role in ("to", "cc", "bcc"):
                for recipient in one.get(role) or ():
                    if role != "to":
                        own["role"] = role
                    line = {"recipient_index": index, "to": recipient["email"], **shared, **own}
                    self._ledger.add("accepted", received_ns=request.received_ns, **line)
                    index += 1
        return message_id

    def _describe(self, request: Request, mail: Mail, message_id: str) -> dict[str, Any]:
        shared = {
            "message_id": message_id,
            "from": mail["from"]["email"],
            "subject": mail.get("subject") or "",
            "content_sha256": _hash_content(mail),
            "body_at": self._bodies.add(request.body),
        }
        for name in _KEPT:
            if mail.get(name) is not None:
                shared[name] = mail[name]
        if mail.get("asm") is not None:
            shared["asm_group_id"] = mail["asm"]["group_id"]
        bypass = _find_bypasses(mail.get("mail_settings") or {})
        if bypass:
            shared["bypass"] = bypass
        return shared


def make_message_id() -> str:
    """16 random bytes as 22 base64url characters."""
    return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()


def _hash_content(mail: Mail) -> str:
    """SHA-256 over the content values, each followed by a NUL."""
    digest = hashlib.sha256()
    for part in mail.get("content") or ():
        digest.update(part["value"].encode() + b"\0")
    return digest.hexdigest()


def _find_bypasses(settings: dict[str, Any]) -> list[str]:
    return [
        name.removeprefix("bypass_").removesuffix("_management")
        for name, switch in settings.items()
        if name.startswith("bypass_") and switch and switch.get("enable")
    ]
