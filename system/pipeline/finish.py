"""Ends a campaign: when no job is in work any more, it is closed and its recipients are stamped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from system.storage import campaigns
from system.storage.database import transaction

if TYPE_CHECKING:
    from sqlalchemy import Engine


def finish_campaign(engine: Engine, *, campaign_id: int) -> bool:
    """Close the campaign if every job has ended; idempotent, False when some have not."""
    with transaction(engine) as connection:
        if not campaigns.complete_campaign(connection, campaign_id=campaign_id):
            return False
        campaigns.stamp_recipients(connection, campaign_id=campaign_id)
        return True
