"""What an event changes on the account: the mail's status, its counts, and who is suppressed from now on."""

import sqlite3
from typing import Any

from fake_sendgrid.office.suppressions import suppress

_STATUS = {"processed": "processed", "delivered": "delivered", "bounce": "not_delivered", "dropped": "not_delivered"}


def status_after(kind: str) -> str | None:
    """The Activity status that an event sets; None when it sets none."""
    return _STATUS.get(kind)


def apply_consequences(store: sqlite3.Connection, event: dict[str, Any], *, now_s: float) -> None:
    """Suppress the recipient when the event asks for it."""
    kind, email = event["event"], event["email"]
    if kind == "bounce":
        listed = "bounces" if event["type"] == "bounce" else "blocks"
        suppress(store, listed, email, now_s=now_s, reason=event["reason"], status=event["status"])
    elif kind == "spamreport":
        suppress(store, "spam_reports", email, now_s=now_s)
    elif kind == "unsubscribe":
        suppress(store, "unsubscribes", email, now_s=now_s)
    elif kind == "group_unsubscribe":
        suppress(store, f"group:{event['asm_group_id']}", email, now_s=now_s)
    elif kind == "dropped" and event["reason"] == "Invalid":
        suppress(
            store, "invalid_emails", email, now_s=now_s, reason="Mail domain mentioned in email address is unknown"
        )


CONSEQUENTIAL = frozenset({"bounce", "spamreport", "unsubscribe", "group_unsubscribe", "dropped"})
