"""One event as the webhook shows it: identifiers, fields and flattened custom arguments."""

import base64
import hashlib
from typing import Any

ACCOUNT_ID = "20740921"
NODE = "recvd-67fdc7b4d6-wbpn9"
_MX_IP = "167.89.112.86"
_READER_IP = "203.0.113.77"
_BROWSER = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Safari/605.1.15"
)
_PROXY = "Mozilla/5.0"
_DELIVERY = frozenset({"processed", "dropped", "delivered", "deferred", "bounce"})
_UNKNOWN_USER = "550 5.1.1 The email account that you tried to reach does not exist."
_BLOCKED = "550 5.7.1 Our system has detected that this message is likely unsolicited mail."
_FIELDS: dict[str, dict[str, Any]] = {
    "delivered": {"response": "250 2.0.0 OK 1732180000 d2e1a72fcca58-724de", "ip": _MX_IP, "tls": 1},
    "deferred": {"response": "451 4.7.1 Greylisted, please try again later", "ip": _MX_IP, "tls": 1},
    "open": {"useragent": _BROWSER, "ip": _READER_IP, "sg_content_type": "html"},
    "click": {
        "useragent": _BROWSER,
        "ip": _READER_IP,
        "url": "https://example.com/",
        "url_offset": {"index": 0, "type": "html"},
    },
    "group_unsubscribe": {"useragent": _BROWSER, "ip": _READER_IP, "url": "https://u.example.com/asm/"},
    "group_resubscribe": {"useragent": _BROWSER, "ip": _READER_IP, "url": "https://u.example.com/asm/"},
}
_BOUNCES = {
    "bounce": {
        "reason": _UNKNOWN_USER,
        "status": "5.1.1",
        "bounce_classification": "Invalid Address",
        "ip": _MX_IP,
        "tls": 1,
    },
    "blocked": {"reason": _BLOCKED, "status": "5.7.1", "bounce_classification": "Reputation", "ip": _MX_IP, "tls": 1},
}


def show_event(kind: str, *, line: dict[str, Any], step: int, at_s: float, details: dict[str, Any]) -> dict[str, Any]:
    """The event object; the provider's own names win over custom arguments of the same name."""
    event = {**line["custom_args"], "email": line["to"], "timestamp": int(at_s), "event": kind}
    event["sg_message_id"] = make_sg_message_id(line)
    if kind in _DELIVERY:
        event["smtp-id"] = f"<{line['message_id']}@geopod-ismtpd-6-0>"
        event["sg_event_id"] = make_delivery_event_id(kind, line, attempt=details.get("attempt", "0"))
    else:
        event["sg_event_id"] = make_engagement_event_id(line, step=step)
    if "categories" in line and not kind.startswith("group_"):
        event["category"] = line["categories"]
    if "asm_group_id" in line:
        event["asm_group_id"] = line["asm_group_id"]
    if "template_id" in line:
        event["sg_template_id"] = line["template_id"]
        event["sg_template_name"] = line["template_id"]
    return {**event, **_add_fields(kind, line, details), **details}


def _add_fields(kind: str, line: dict[str, Any], details: dict[str, Any]) -> dict[str, Any]:
    if kind == "processed":
        pool = {"pool": {"name": line["ip_pool_name"], "id": 1}} if "ip_pool_name" in line else {}
        return {"send_at": line.get("send_at", 0), **pool}
    if kind == "bounce":
        return _BOUNCES[details["type"]]
    if details.get("sg_machine_open"):
        return {**_FIELDS["open"], "useragent": _PROXY}
    return _FIELDS.get(kind, {})


_TEST_STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("processed", {}),
    ("deferred", {"attempt": "5"}),
    ("delivered", {}),
    ("open", {}),
    ("click", {}),
    ("bounce", {"type": "bounce"}),
    ("dropped", {"reason": "Bounced Address", "status": "5.0.0"}),
    ("spamreport", {}),
    ("unsubscribe", {}),
    ("group_unsubscribe", {}),
    ("group_resubscribe", {}),
)


def make_test_events(now_s: float) -> list[dict[str, Any]]:
    """One event of each type, as the settings page's test button sends them."""
    line = {
        "message_id": "14c5d75ce93dfd64b46912",
        "seq": 1,
        "received_at": now_s,
        "recipient_index": 0,
        "to": "example@test.com",
        "custom_args": {},
        "categories": ["cat facts"],
        "asm_group_id": 10,
    }
    return [
        show_event(kind, line=line, step=step, at_s=now_s, details=details)
        for step, (kind, details) in enumerate(_TEST_STEPS)
    ]


def make_sg_message_id(line: dict[str, Any]) -> str:
    """`<X-Message-Id>.<node>-1-<hex second>-<hex counter>.<recipient index>`."""
    second = int(line["received_at"])
    return f"{line['message_id']}.{NODE}-1-{second:X}-{line['seq'] & 0xFF:X}.{line['recipient_index']}"


def make_delivery_event_id(kind: str, line: dict[str, Any], *, attempt: str) -> str:
    """The deterministic id of a delivery event: base64url of a readable text."""
    prefix = {"delivered": "delivered-0", "bounce": "bounce-0", "dropped": "drop", "deferred": f"deferred-{attempt}"}
    plain = f"{prefix.get(kind, kind)}-{ACCOUNT_ID}-{line['message_id']}-{line['recipient_index']}"
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def make_engagement_event_id(line: dict[str, Any], *, step: int) -> str:
    """22 characters that look random and stay the same when the event is told again."""
    digest = hashlib.sha256(f"{line['message_id']}.{line['recipient_index']}.{step}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
