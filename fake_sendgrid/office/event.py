"""One event as the webhook shows it: identifiers, fields and flattened custom arguments."""

import base64
from typing import Any

ACCOUNT_ID = "20740921"
NODE = "recvd-67fdc7b4d6-wbpn9"
MX_IP = "167.89.112.86"


def show_event(kind: str, *, line: dict[str, Any], at_s: float, details: dict[str, Any]) -> dict[str, Any]:
    """The event object; the provider's own names win over custom arguments of the same name."""
    event = {
        **line["custom_args"],
        "email": line["to"],
        "timestamp": int(at_s),
        "event": kind,
        "sg_event_id": make_event_id(kind, line),
        "sg_message_id": make_sg_message_id(line),
    }
    if kind in _WITH_SMTP_ID:
        event["smtp-id"] = f"<{line['message_id']}@geopod-ismtpd-6-0>"
    return {**event, **_FIELDS.get(kind, {}), **details}


_WITH_SMTP_ID = frozenset({"processed", "dropped", "delivered", "deferred", "bounce"})
_FIELDS: dict[str, dict[str, Any]] = {
    "processed": {"send_at": 0},
    "delivered": {"response": "250 2.0.0 OK", "ip": MX_IP, "tls": 1},
}


def make_sg_message_id(line: dict[str, Any]) -> str:
    """`<X-Message-Id>.<node>-1-<hex second>-<hex counter>.<recipient index>`."""
    second = int(line["received_at"])
    return f"{line['message_id']}.{NODE}-1-{second:X}-{line['seq'] & 0xFF:X}.{line['recipient_index']}"


def make_event_id(kind: str, line: dict[str, Any]) -> str:
    """The deterministic id of a delivery event."""
    prefix = {"delivered": "delivered-0", "bounce": "bounce-0", "dropped": "drop"}.get(kind, kind)
    plain = f"{prefix}-{ACCOUNT_ID}-{line['message_id']}-{line['recipient_index']}"
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()
