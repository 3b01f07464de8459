"""How much disk the record takes, from bytes per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from system.planning.scenario import Scenario
    from system.planning.unit_costs import UnitCosts

GB = 1e9


@dataclass(frozen=True, kw_only=True)
class DatabaseSize:
    """Of all installations together."""

    week_gb: float
    """What one week's campaigns add: jobs, attempts, transitions, events, posts."""
    shop_gb: float
    """Users and orders."""
    total_gb: float
    """With all the weeks that are kept."""


def database_size(scenario: Scenario, costs: UnitCosts) -> DatabaseSize:
    """Rows times bytes; indexes are in the bytes, write-ahead log and backups are not."""
    per_mail = (
        costs.send_attempts / (1 - scenario.retry_share)
        + costs.transitions_per_mail * costs.job_transitions
        + costs.events_per_mail * (costs.email_events + costs.webhook_inbox_event)
    )
    week = scenario.users * costs.email_jobs + scenario.mails * per_mail
    shop = scenario.users * (costs.users + scenario.orders_per_user * costs.orders)
    return DatabaseSize(week_gb=week / GB, shop_gb=shop / GB, total_gb=(shop + scenario.weeks_kept * week) / GB)
