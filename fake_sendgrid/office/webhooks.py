"""The receivers of events as the account has set them up."""

import sqlite3
import uuid
from typing import Any

from fake_sendgrid.office.store import read_things, write_thing

TOGGLES = (
    "group_resubscribe",
    "delivered",
    "group_unsubscribe",
    "spam_report",
    "bounce",
    "deferred",
    "unsubscribe",
    "processed",
    "open",
    "click",
    "dropped",
)
"""Which events a receiver wants; the event `spamreport` is switched by `spam_report`."""
Webhook = dict[str, Any]


def make_webhook(url: str, *, enabled: bool, signed: bool, identity: str | None = None) -> Webhook:
    """A receiver of everything."""
    toggles = dict.fromkeys(TOGGLES, True)
    return {
        "id": identity or str(uuid.uuid4()),
        "enabled": enabled,
        "url": url,
        "friendly_name": "",
        "oauth_client_id": "",
        "oauth_token_url": "",
        "signed": signed,
        **toggles,
    }


def keep_webhook(store: sqlite3.Connection, webhook: Webhook) -> None:
    """Store a receiver under its id."""
    write_thing(store, "webhook", webhook["id"], webhook)


def read_webhooks(store: sqlite3.Connection) -> list[Webhook]:
    """All receivers, oldest first."""
    return list(read_things(store, "webhook").values())


def wants(webhook: Webhook, kind: str) -> bool:
    """Whether the receiver has this event switched on."""
    return bool(webhook.get("spam_report" if kind == "spamreport" else kind, True))


def show_webhook(webhook: Webhook, *, public_key: str) -> dict[str, Any]:
    """As the settings API shows it: no secret, the key only when posts are signed."""
    shown = {name: value for name, value in webhook.items() if name != "signed"}
    return {**shown, "public_key": public_key if webhook["signed"] else ""}
