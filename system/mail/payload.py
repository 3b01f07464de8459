"""One mail as the provider's JSON, built with the provider's own library."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from sendgrid.helpers.mail import (
    Category,
    Content,
    CustomArg,
    From,
    Header,
    Mail,
    Personalization,
    Subject,
    To,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from system.mail.letter import Content as Rendered


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What we write on a mail to recognise it in events; strings, ids only, never an address."""

    campaign_id: int
    week_key: str
    user_id: int
    job_id: int
    attempt_id: str
    content_hash: str
    traceparent: str | None = None
    """Where this installation traces: what links an event to the batch that sent the mail."""


def content_hash(*, user_id: int, product_ids: Sequence[int], model_version: str) -> str:
    """What the mail recommends to whom, as a fingerprint that provider and database can be compared by."""
    return hashlib.sha256(repr((user_id, list(product_ids), model_version)).encode()).hexdigest()[:32]


def build_payload(
    *,
    to_email: str,
    to_name: str,
    from_email: str,
    from_name: str,
    newsletter: str,
    content: Rendered,
    identity: Identity,
) -> bytes:
    """The body of one mail/send request with one personalization."""
    mail = Mail()
    mail.from_email = From(from_email, from_name)
    mail.subject = Subject(content.subject)
    person = Personalization()
    person.add_to(_recipient(to_email, to_name))
    for name, value in content.headers.items():
        person.add_header(Header(name, value))
    for name, value in vars(identity).items():
        if value is not None:
            person.add_custom_arg(CustomArg(name, str(value)))
    mail.add_personalization(person)
    mail.add_content(Content("text/plain", content.text))
    mail.add_content(Content("text/html", content.html))
    mail.add_category(Category(newsletter))
    return orjson.dumps(mail.get())


def _recipient(email: str, name: str) -> To:
    recipient = To()
    # Set and not given to the constructor, which without a name parses the address, and so finds
    # another one in `ada(home)@example.org`.
    recipient.email = email
    # The provider refuses names with these characters (limitations page of mail/send).
    recipient.name = name.translate({ord(";"): " ", ord(","): " "}).strip() or None
    return recipient
