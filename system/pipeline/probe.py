"""Finds out, while the breaker is open, whether the provider works again.

Once a second a question that sends nothing (are you alive?); when it is answered, one real mail. Only an
accepted mail closes the breaker. Real mails that end ambiguous are spaced out, because each may be lost.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import redis
import structlog

from system.pipeline.send import BatchSender

if TYPE_CHECKING:
    from collections.abc import Callable

    from system.pipeline.desk import Desk
    from system.storage.campaigns import Campaign
    from system.storage.leftovers import Batch

log = structlog.get_logger(__name__)


async def probe_provider(desk: Desk, *, campaign: Campaign, batch: Batch, is_stopping: Callable[[], bool]) -> bool:
    """Probe for a while; True when the breaker is closed at the end."""
    ends_at = time.monotonic() + desk.settings.probe_run_s
    while time.monotonic() < ends_at and not is_stopping():
        try:
            if not await asyncio.to_thread(desk.breaker.is_open):
                return True
            if await _may_risk_a_mail(desk):
                sender = BatchSender(
                    desk, campaign=campaign, batch=batch, is_stopping=is_stopping, limit=1, is_probe=True
                )
                report = await sender.run()
                if report.accepted:
                    await asyncio.to_thread(desk.breaker.close)
                    log.info("breaker.closed", campaign_id=campaign.id)
                    return True
                if not report.answered:
                    return False
        except redis.RedisError:
            return False
        await asyncio.sleep(desk.settings.probe_interval_s / 10)
    return False


async def _may_risk_a_mail(desk: Desk) -> bool:
    """It is our turn, the provider answers what sends nothing, and the last risk is long enough ago."""
    every_s = desk.settings.probe_interval_s
    if not await asyncio.to_thread(desk.breaker.take_probe, interval_s=every_s):
        return False
    if not await desk.provider.is_alive():
        return False
    return await asyncio.to_thread(desk.breaker.take_probe_mail, first_s=every_s, cap_s=desk.settings.probe_cap_s)
