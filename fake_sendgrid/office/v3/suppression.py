"""suppression/*: bounces, blocks, spam reports, invalid addresses; and the global unsubscribes."""

from typing import Any

from fake_sendgrid.office.suppressions import release, suppress
from fake_sendgrid.office.v3.call import Answer, Call, CallError, Route, require_texts

MAX_ROWS = 500
_FAR = 2**53
_ROWS = """
SELECT email, created, reason, status FROM suppressions
WHERE kind = ? AND created >= ? AND created <= ? AND (? IS NULL OR email = ?)
ORDER BY created DESC, email LIMIT ? OFFSET ?
"""
_PLAIN = frozenset({"unsubscribes"})


def _show_row(kind: str, row: tuple[str, int, str, str]) -> dict[str, Any]:
    email, created, reason, status = row
    if kind in _PLAIN:
        return {"created": created, "email": email}
    if kind == "spam_reports":
        return {"created": created, "email": email, "ip": "203.0.113.77"}
    shown = {"created": created, "email": email, "reason": reason}
    return shown if kind == "invalid_emails" else {**shown, "status": status}


def _kind(call: Call) -> str:
    return call.names[0]


def _list(call: Call) -> Answer:
    email = call.query.get("email")
    bounds = (call.number("start_time", default=0, most=_FAR), call.number("end_time", default=_FAR, most=_FAR))
    page = (call.number("limit", default=MAX_ROWS, most=MAX_ROWS, least=1), call.number("offset", default=0, most=_FAR))
    lower = email.lower() if email else None
    rows = call.store.execute(_ROWS, (_kind(call), *bounds, lower, lower, *page)).fetchall()
    return Answer(200, [_show_row(_kind(call), row) for row in rows])


def _show(call: Call) -> Answer:
    kind, email = call.names
    rows = call.store.execute(_ROWS, (kind, 0, _FAR, email.lower(), email.lower(), 1, 0)).fetchall()
    return Answer(200, [_show_row(kind, row) for row in rows])


def _delete(call: Call) -> Answer:
    kind, email = call.names
    if not release(call.store, kind, email):
        raise CallError(404, "resource not found")
    return Answer(204)


def _delete_many(call: Call) -> Answer:
    body = call.body()
    if body.get("delete_all") is True:
        call.store.execute("DELETE FROM suppressions WHERE kind = ?", (_kind(call),))
        return Answer(204)
    for email in require_texts(body, "emails"):
        release(call.store, _kind(call), email)
    return Answer(204)


def _add_global(call: Call) -> Answer:
    emails = require_texts(call.body(), "recipient_emails")
    for email in emails:
        suppress(call.store, "unsubscribes", email, now_s=call.now_s)
    return Answer(201, {"recipient_emails": emails})


def _show_global(call: Call) -> Answer:
    sql = "SELECT 1 FROM suppressions WHERE kind = 'unsubscribes' AND email = ?"
    known = call.store.execute(sql, (call.names[0].lower(),)).fetchone()
    return Answer(200, {"recipient_email": call.names[0]} if known else {})


def _delete_global(call: Call) -> Answer:
    release(call.store, "unsubscribes", call.names[0])
    return Answer(204)


_LISTED = "(bounces|blocks|spam_reports|invalid_emails)"
_GLOBAL = "asm.suppressions.global"
ROUTES: tuple[Route, ...] = (
    ("GET", "/v3/suppression/(unsubscribes)", "suppression.read", _list),
    ("GET", f"/v3/suppression/{_LISTED}", "suppression.read", _list),
    ("DELETE", f"/v3/suppression/{_LISTED}", "suppression.delete", _delete_many),
    ("GET", f"/v3/suppression/{_LISTED}/*", "suppression.read", _show),
    ("DELETE", f"/v3/suppression/{_LISTED}/*", "suppression.delete", _delete),
    ("POST", "/v3/asm/suppressions/global", f"{_GLOBAL}.create", _add_global),
    ("GET", "/v3/asm/suppressions/global/*", f"{_GLOBAL}.read", _show_global),
    ("DELETE", "/v3/asm/suppressions/global/*", f"{_GLOBAL}.delete", _delete_global),
)
