"""The office's side of the account: its keys and choices, and what of it the wire must know."""

import sqlite3
from typing import Any

from pydantic import BaseModel, ConfigDict

from fake_sendgrid.office.store import delete_thing, read_thing, read_things, write_thing
from fake_sendgrid.scopes import ALL_SCOPES


class Choices(BaseModel):
    """Rules of the account that differ between customers or are not documented."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    senders: list[str] | None = None
    """Verified senders, addresses or `@domain`; null lets everybody send."""
    ip_pools: list[str] = []
    """Names that `ip_pool_name` may have."""
    unique_over_personalizations: bool = False
    """Refuse an address that occurs in two personalizations; documented, but not observed."""


def ensure_key(store: sqlite3.Connection, key: str) -> None:
    """Give the key of the command line every scope, unless management has decided otherwise."""
    if read_thing(store, "key", key) is None:
        write_thing(store, "key", key, list(ALL_SCOPES))


def put_key(store: sqlite3.Connection, key: str, scopes: list[str]) -> None:
    """Add a key or change what it may do."""
    write_thing(store, "key", key, scopes)


def revoke_key(store: sqlite3.Connection, key: str) -> bool:
    """Forget a key; False when it was unknown."""
    return delete_thing(store, "key", key)


def read_choices(store: sqlite3.Connection) -> Choices:
    """The account's choices."""
    return Choices.model_validate(read_thing(store, "account", "choices") or {})


def write_choices(store: sqlite3.Connection, choices: Choices) -> None:
    """Change the account's choices."""
    write_thing(store, "account", "choices", choices.model_dump())


def tell_account(store: sqlite3.Connection) -> dict[str, Any]:
    """What the wire must know to answer mail/send."""
    choices = read_choices(store)
    return {
        "op": "learn",
        "keys": read_things(store, "key"),
        "templates": {name: _has_subject(one) for name, one in read_things(store, "template").items()},
        "groups": [int(name) for name in read_things(store, "group")],
        "pools": choices.ip_pools,
        "senders": None if choices.senders is None else [sender.lower() for sender in choices.senders],
        "unique_over_personalizations": choices.unique_over_personalizations,
    }


def _has_subject(template: dict[str, Any]) -> bool:
    return any(version["active"] and version["subject"] for version in template["versions"])
