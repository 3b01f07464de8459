"""Who must not be mailed, and why a mail to them is dropped."""

import sqlite3
from typing import Any

KINDS = ("bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes")
_REASONS = (
    ("bounces", "bounce", "Bounced Address"),
    ("unsubscribes", "unsubscribe", "Unsubscribed Address"),
    ("spam_reports", "spam", "Spam Reporting Address"),
    ("invalid_emails", "bounce", "Invalid"),
)
"""Kind, the bypass that overrides it, the reason of the drop; blocks suppress nobody."""


def suppress(
    store: sqlite3.Connection, kind: str, email: str, *, now_s: float, reason: str = "", status: str = ""
) -> None:
    """Remember an address; idempotent."""
    sql = "INSERT OR IGNORE INTO suppressions VALUES (?, ?, ?, ?, ?)"
    store.execute(sql, (kind, email.lower(), int(now_s), reason, status))


def release(store: sqlite3.Connection, kind: str, email: str) -> bool:
    """Forget an address; False when it was not suppressed."""
    sql = "DELETE FROM suppressions WHERE kind = ? AND email = ?"
    return store.execute(sql, (kind, email.lower())).rowcount > 0


def find_drop_reason(store: sqlite3.Connection, line: dict[str, Any]) -> str | None:
    """Why the mail of this ledger line is dropped; None when it goes out."""
    bypass = line.get("bypass", ())
    if "list" in bypass:
        return None
    sql = "SELECT kind FROM suppressions WHERE email = ?"
    kinds = {kind for (kind,) in store.execute(sql, (line["to"].lower(),))}
    if not kinds:
        return None
    for kind, override, reason in _REASONS:
        if kind in kinds and override not in bypass:
            return reason
    in_group = f"group:{line.get('asm_group_id')}" in kinds
    return "Unsubscribed Address" if in_group and "unsubscribe" not in bypass else None
