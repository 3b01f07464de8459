"""The provider misbehaves by rule: everything on the fake's menu, its webhook's faults, and its latch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from loadtests.provider import (
    arm_latch,
    cancel_fault,
    choose_webhook_faults,
    order_fault,
    read_faults,
    read_latch,
    read_webhook_faults,
    release_latch,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

FAULT_OF: Final = {
    **dict.fromkeys(("refuse", "close", "reset"), "F01"),
    **dict.fromkeys(("hang", "accept_then_hang", "accept_then_status"), "F03"),
    **dict.fromkeys(("status", "html", "accept_then_html"), "F02"),
    **dict.fromkeys(("accept_then_reset", "accept_then_close"), "F04"),
    "late_accept": "F05",
    "too_many_requests": "F06",
    "lose": "F21",
    **dict.fromkeys(("truncated", "accept_then_garbage", "no_message_id"), "F22"),
    "drip": "F23",
    **dict.fromkeys(("revoked_key", "max_credits"), "F26"),
    "suspended": "F37",
}
"""The row of the fault matrix that each entry of the menu shows."""


@dataclass(kw_only=True)
class ProviderFault:
    """One rule in force, such as `what="status", rule={"status": 503, "probability": 0.3}`."""

    management_url: str
    what: str
    rule: Mapping[str, Any] = field(default_factory=dict)
    """Narrows it: probability, count, skip, for_s, to, delay_s and what else a rule may say."""
    evidence: ClassVar[str] = "requests that the rule bit, by the provider's own count"

    def __post_init__(self) -> None:
        if self.what not in FAULT_OF:
            raise ValueError(f"what={self.what!r} is not on the provider's menu: {', '.join(FAULT_OF)}")

    @property
    def fault(self) -> str:
        """Its row in the matrix."""
        return FAULT_OF[self.what]

    @property
    def name(self) -> str:
        """Such as `provider:accept_then_reset`."""
        return f"provider:{self.what}"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "fake_sendgrid", "what": self.what, **self.rule}

    def inject(self) -> None:
        """Put the rule in force."""
        order_fault(self.management_url, {**self.rule, "name": self.name, "fault": self.what})

    def look(self) -> bool:
        """Whether the rule has bitten."""
        return self.bites() > 0

    def bites(self) -> int:
        """How often, since it was injected."""
        return sum(one["bites"] for one in read_faults(self.management_url) if one["rule"]["name"] == self.name)

    def heal(self) -> None:
        """Take the rule back."""
        cancel_fault(self.management_url, self.name)


@dataclass(kw_only=True)
class WebhookFault:
    """F12: events told twice, out of order, late or never; shares as the fake's PUT /webhook-faults takes them."""

    management_url: str
    shares: Mapping[str, float]
    fault: str = "F12"
    evidence: ClassVar[str] = "events that were told wrongly, by the provider's own count"
    _before: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """Such as `webhook:duplicate_new_id+lose`."""
        return f"webhook:{'+'.join(sorted(self.shares))}"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "fake_sendgrid", "what": "webhook faults", **self.shares}

    def inject(self) -> None:
        """From now on; remembers what was usual."""
        standing = read_webhook_faults(self.management_url)
        if self._before is None:
            self._before = standing
        choose_webhook_faults(self.management_url, {**standing["faults"], **self.shares})

    def look(self) -> bool:
        """Whether one of them has bitten since."""
        if self._before is None:
            return False
        bites, before = read_webhook_faults(self.management_url)["bites"], self._before["bites"]
        return any(bites.get(name, 0) > before.get(name, 0) for name in self.shares)

    def heal(self) -> None:
        """What was usual."""
        if self._before is not None:
            choose_webhook_faults(self.management_url, self._before["faults"])
            self._before = None


@dataclass(kw_only=True)
class HeldMail:
    """The next mail request is held before or after its acceptance, and let go when it is healed."""

    management_url: str
    at: Literal["before_acceptance", "after_acceptance"]
    then: Literal["answer", "close", "reset"] = "answer"
    fault: str = "F03"
    evidence: ClassVar[str] = "a request that the provider holds"

    @property
    def name(self) -> str:
        """Such as `latch:after_acceptance`."""
        return f"latch:{self.at}"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "fake_sendgrid", "what": f"holds a mail {self.at}, then {self.then}"}

    def inject(self) -> None:
        """Arm the latch."""
        arm_latch(self.management_url, at=self.at)

    def look(self) -> bool:
        """Whether it holds a request."""
        return read_latch(self.management_url)["held"] is not None

    def heal(self) -> None:
        """Let the held request go, or disarm."""
        release_latch(self.management_url, then=self.then)
