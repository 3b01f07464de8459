"""What the provider knows about its customer while it answers: keys, and the stored things that a mail may name."""

from dataclasses import dataclass, field
from typing import Any

from fake_sendgrid.wire.reply import Reply, error
from fake_sendgrid.wire.request import Request
from fake_sendgrid.wire.validation import Policy

_PREFIX = "bearer "


@dataclass(slots=True)
class Account:
    """Keys by their full text, each with its scopes; the office keeps it up to date."""

    keys: dict[str, frozenset[str]]
    templates: dict[str, bool] = field(default_factory=dict)
    groups: frozenset[int] = frozenset()
    pools: frozenset[str] = frozenset()
    senders: frozenset[str] | None = None
    unique_over_personalizations: bool = False

    def learn(self, news: dict[str, Any]) -> None:
        """Take over what the office says."""
        self.keys = {key: frozenset(scopes) for key, scopes in news["keys"].items()}
        self.templates = news["templates"]
        self.groups = frozenset(news["groups"])
        self.pools = frozenset(news["pools"])
        self.senders = None if news["senders"] is None else frozenset(news["senders"])
        self.unique_over_personalizations = news["unique_over_personalizations"]

    def policy(self, now_s: float) -> Policy:
        """What a mail is validated against."""
        return Policy(now_s, self.templates, self.groups, self.pools, self.unique_over_personalizations)

    def scopes(self, request: Request) -> frozenset[str] | None:
        """The scopes of the request's key, None when the key is absent or unknown."""
        header = request.headers.get("authorization", "")
        if header[: len(_PREFIX)].lower() != _PREFIX:
            return None
        return self.keys.get(header[len(_PREFIX) :].strip())

    def refuse(self, request: Request, *, scope: str) -> Reply | None:
        """401 or 403 as mail/send says it, None when the key has `scope`."""
        if not request.headers.get("authorization"):
            return error(401, "Permission denied, wrong credentials")
        scopes = self.scopes(request)
        if scopes is None:
            return error(401, "The provided authorization grant is invalid, expired, or revoked")
        return None if scope in scopes else error(403, "access forbidden")

    def refuse_sender(self, address: str) -> Reply | None:
        """403 when only verified senders may send and this is none of them; a verified domain starts with `@`."""
        if self.senders is None:
            return None
        lower = address.lower()
        if lower in self.senders or "@" + lower.rpartition("@")[2] in self.senders:
            return None
        return error(403, _UNVERIFIED, field="from")


_UNVERIFIED = (
    "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. "
    "Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender Identity "
    "requirements"
)
