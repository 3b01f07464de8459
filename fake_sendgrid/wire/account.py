"""What the provider knows about its customer while it answers: keys and what they may do."""

from fake_sendgrid.wire.reply import Reply, error
from fake_sendgrid.wire.request import Request

ALL_SCOPES = (
    "mail.send",
    "mail.batch.create",
    "mail.batch.read",
    "messages.read",
    "suppression.create",
    "suppression.read",
    "suppression.delete",
    "asm.groups.create",
    "asm.groups.read",
    "asm.groups.update",
    "asm.groups.delete",
    "templates.create",
    "templates.read",
    "templates.update",
    "templates.delete",
    "user.scheduled_sends.create",
    "user.scheduled_sends.read",
    "user.scheduled_sends.update",
    "user.scheduled_sends.delete",
    "user.webhooks.event.settings.read",
    "user.webhooks.event.settings.update",
    "user.webhooks.event.test.create",
)
_PREFIX = "bearer "


class Account:
    """Keys by their full text, each with its scopes."""

    def __init__(self, keys: dict[str, frozenset[str]]) -> None:
        self.keys = keys

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
