"""Which limit binds, and what to change next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from system.planning.roles import Role
    from system.planning.sending import Sent

STARVED = 0.1
"""Accounts that are unserved for more than this share of the time are what binds."""
QUEUE = "order of the queue"
PROVIDER = "provider limit"

ADVICE: Final = {
    PROVIDER: "More accounts, or a higher limit for each (--accounts, --mails-per-s)",
    QUEUE: "Whose batches come first in the queue takes the senders. Let the campaigns enter it side by side, "
    "a dispatcher for each and pages of one batch (--workers orchestrator=N --page-users 500), and take more senders "
    "(--workers emails=N); or divide accounts and users among installations (--installations)",
    "emails": "More processes of the emails worker (--workers emails=N): EMAIL_WORKERS, or the ScaledObject's maximum",
    "ml": "More processes of the ml worker (--workers ml=N), or a GPU",
    "tracking": "More processes of the tracking worker (--workers tracking=N): mails go out as planned, their events "
    "are applied late",
    "web": "More web processes (--workers web=N): the provider repeats what is not taken in, for 24 h",
    "postgres": "A larger database server (--postgres-cores), or several installations (--installations)",
    "redis": "RabbitMQ as broker, so that Redis has the permits alone, or several installations (--installations)",
}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What holds the mailing back."""

    name: str
    mails_per_s: float
    """Of one installation."""
    next_step: str


def capacities(roles: Sequence[Role]) -> dict[str, float]:
    """Mails a second by role, of those that a mail waits for."""
    return {role.name: role.carries_mails_per_s for role in roles if role.carries_mails_per_s is not None}


def binding(roles: Sequence[Role], *, provider_mails_per_s: float, mails_per_s: float, sent: Sent) -> Limit:
    """The lowest of all limits, or the queue where accounts go unserved although nothing else is short.

    `mails_per_s` is what came of it on average.
    """
    carried = {PROVIDER: provider_mails_per_s} | capacities(roles)
    name = min(carried, key=lambda each: carried[each])
    if name == PROVIDER and sent.starved_s > STARVED * sent.owed_s:
        name = QUEUE
    return Limit(name=name, mails_per_s=carried.get(name, mails_per_s), next_step=ADVICE[name])
