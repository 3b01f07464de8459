"""One webhook event as the provider writes it (Event Webhook reference): ids, fields and our custom arguments."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from loadtests.webhook.targets import Target

_ACCOUNT: Final = "20740921"
_NODE: Final = "recvd-67fdc7b4d6-wbpn9"
_SERVER: Final = {"ip": "167.89.112.86", "tls": 1}
_READER: Final = {
    "ip": "203.0.113.77",
    "useragent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Safari/605.1.15",
}
_BOUNCE: Final = {
    "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
    "status": "5.1.1",
    "type": "bounce",
    "bounce_classification": "Invalid Address",
}
_BLOCKED: Final = {
    "reason": "550 5.7.1 Our system has detected that this message is likely unsolicited mail.",
    "status": "5.7.1",
    "type": "blocked",
    "bounce_classification": "Reputation",
}
DELIVERY_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "processed": {"event": "processed", "send_at": 0},
    "deferred": {
        "event": "deferred",
        "attempt": "1",
        "response": "451 4.7.1 Greylisted, please try again later",
        **_SERVER,
    },
    "delivered": {"event": "delivered", "response": "250 2.0.0 OK 1732180000 d2e1a72fcca58-724de", **_SERVER},
    "bounce": {"event": "bounce", **_BOUNCE, **_SERVER},
    "blocked": {"event": "bounce", **_BLOCKED, **_SERVER},
    "dropped": {"event": "dropped", "reason": "Invalid", "status": "5.0.0"},
}
ENGAGEMENT_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "open": {"event": "open", "sg_machine_open": False, "sg_content_type": "html", **_READER},
    "click": {
        "event": "click",
        "url": "https://shop.example.com/p/1",
        "url_offset": {"index": 0, "type": "html"},
        **_READER,
    },
    "spamreport": {"event": "spamreport"},
}


def show_event(kind: str, target: Target, *, at_s: float) -> bytes:
    """The JSON of one event."""
    event = _identity(target, at_s=at_s)
    if kind in DELIVERY_FIELDS:
        event |= DELIVERY_FIELDS[kind]
        event["smtp-id"] = f"<{target.message_id}@geopod-ismtpd-6-0>"
        event["sg_event_id"] = _delivery_id(kind, target)
    else:
        event |= ENGAGEMENT_FIELDS[kind]
        event["sg_event_id"] = new_id()
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)


def show_false_event(kind: str, target: Target, *, at_s: float, event_id: str) -> bytes:
    """The JSON of an event that never happened, under an id that no true event has."""
    event = {**_identity(target, at_s=at_s), **DELIVERY_FIELDS[kind], "sg_event_id": event_id}
    event["smtp-id"] = f"<{target.message_id}@geopod-ismtpd-6-0>"
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)


def new_id() -> str:
    """22 characters, as the provider's ids of opens and clicks; new in every run, also of the same seed."""
    return base64.urlsafe_b64encode(secrets.token_bytes(16))[:22].decode()


def _identity(target: Target, *, at_s: float) -> dict[str, Any]:
    return {
        "campaign_id": str(target.campaign_id),
        "week_key": target.week_key,
        "user_id": str(target.user_id),
        "job_id": str(target.job_id),
        "attempt_id": target.attempt_id,
        "content_hash": target.content_hash,
        "email": f"user.{target.user_id}@example.com",
        "timestamp": int(at_s),
        "category": [target.newsletter],
        "sg_message_id": f"{target.message_id}.{_NODE}-1-{int(at_s):X}-{target.job_id & 0xFF:X}.0",
    }


_PREFIXES: Final = {
    "deferred": "deferred-1",
    "delivered": "delivered-0",
    "bounce": "bounce-0",
    "blocked": "bounce-0",
    "dropped": "drop",
}


def _delivery_id(kind: str, target: Target) -> str:
    prefix = _PREFIXES.get(kind, kind)
    return base64.urlsafe_b64encode(f"{prefix}-{_ACCOUNT}-{target.message_id}-0".encode()).rstrip(b"=").decode()
