"""What can go wrong on command: the menu of request faults and the rules that order from it."""

import fnmatch
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fake_sendgrid.wire.mail_path import MAIL_SEND_PATH

_MANY = 1_000_000_000


class Fault(StrEnum):
    """Unless its name says `accept`, a fault of the first group leaves the mail unaccepted."""

    REFUSE = "refuse"
    CLOSE = "close"
    RESET = "reset"
    HANG = "hang"
    STATUS = "status"
    HTML = "html"
    TOO_MANY_REQUESTS = "too_many_requests"
    REVOKED_KEY = "revoked_key"
    SUSPENDED = "suspended"
    MAX_CREDITS = "max_credits"

    LATE_ACCEPT = "late_accept"
    ACCEPT_THEN_CLOSE = "accept_then_close"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_THEN_STATUS = "accept_then_status"
    ACCEPT_THEN_HTML = "accept_then_html"
    ACCEPT_THEN_GARBAGE = "accept_then_garbage"
    ACCEPT_THEN_HANG = "accept_then_hang"
    LOSE = "lose"
    DRIP = "drip"
    TRUNCATED = "truncated"
    NO_MESSAGE_ID = "no_message_id"


class FaultRule(BaseModel):
    """One order: which fault, for which requests, how often. Rules are tried in turn; the first that bites wins."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Names the rule in counts and in the ledger; a rule of the same name replaces it."""
    fault: Fault
    path: str = MAIL_SEND_PATH
    """Which requests: a path with `*` as wildcard."""
    to: str | None = None
    """Only mails with a recipient that this pattern matches (`*@example.com`)."""
    custom_args: dict[str, str] = {}
    """Only mails in which one recipient has all of these."""
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of the matching requests that it bites, drawn from the seed."""
    skip: Annotated[int, Field(ge=0, le=_MANY)] = 0
    """This many matching requests pass first."""
    count: Annotated[int, Field(ge=1, le=_MANY)] | None = None
    """Bites at most so often."""
    for_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    """Ends by itself after so many seconds."""
    delay_s: Annotated[float, Field(ge=0, le=86_400)] = 30.0
    """How long hangs hang before the connection is closed, and how late late acceptances are."""
    status: Annotated[int, Field(ge=400, le=599)] = 503
    """What `status` and `html` answer."""
    retry_headers: Literal["documented", "none", "absurd"] = "documented"
    """What a 429 says about when to come back."""
    retry_after_s: Annotated[int, Field(ge=0, le=86_400)] = 60
    """How long a documented 429 asks to wait."""
    bytes_per_s: Annotated[int, Field(ge=1, le=_MANY)] = 20
    """Pace of a drip."""

    def matches_mail(self, mail: Any) -> bool:
        """Whether some recipient of `mail` is meant; anything that is no mail isn't."""
        personalizations = mail.get("personalizations") if isinstance(mail, dict) else None
        if not isinstance(personalizations, list):
            return False
        shared = mail.get("custom_args")
        return any(isinstance(one, dict) and self._matches_one(one, shared) for one in personalizations)

    def _matches_one(self, one: dict[str, Any], shared: Any) -> bool:
        own = one.get("custom_args")
        arguments = {**(shared if isinstance(shared, dict) else {}), **(own if isinstance(own, dict) else {})}
        if any(arguments.get(name) != value for name, value in self.custom_args.items()):
            return False
        return self.to is None or any(fnmatch.fnmatchcase(address, self.to) for address in _addresses(one))


def _addresses(one: dict[str, Any]) -> list[str]:
    listed = one.get("to")
    if not isinstance(listed, list):
        return []
    return [to["email"] for to in listed if isinstance(to, dict) and isinstance(to.get("email"), str)]
