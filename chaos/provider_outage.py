"""F01: the provider refuses every connection, as when its load balancer is gone."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from loadtests.provider import cancel_fault, order_fault

PROBE_TIMEOUT_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class ProviderOutage:
    """Injected by the fake provider itself: it shuts its listening socket and resets what is open."""

    management_url: str
    port: int
    """Where the provider listens for mails."""
    fault: ClassVar[str] = "F01"
    name: ClassVar[str] = "provider_outage"
    evidence: ClassVar[str] = "connections of the harness's own that were refused"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "fake_sendgrid", "what": "refuses connections, resets open ones"}

    def inject(self) -> None:
        """Shut the door."""
        order_fault(self.management_url, {"name": self.name, "fault": "refuse"})

    def look(self) -> bool:
        """Whether a connection attempt of our own is refused."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PROBE_TIMEOUT_S):
                return False
        except OSError:
            return True

    def heal(self) -> None:
        """Open it again."""
        cancel_fault(self.management_url, self.name)
