"""A desk as a sending worker has it, in front of a scripted provider, and short ways to send a campaign's jobs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripted_provider import scripted_provider
from shop_world import Shop, settings_with

from system.mail import coordination
from system.mail.breaker import Breaker
from system.mail.links import UnsubscribeLinks
from system.mail.provider import Provider
from system.mail.rate_limit import RateLimit
from system.mail.witnesses import Witnesses
from system.pipeline.desk import Desk
from system.pipeline.send import BatchSender, Report
from system.settings import SendingAccount
from system.storage import campaigns, pauses
from system.storage.leftovers import Batch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scripted_provider import ScriptedProvider

    from system.storage.campaigns import Campaign


@asynccontextmanager
async def open_desk(
    shop: Shop, *, redis_url: str, provider_url: str, mails_per_s: float | None = None, **changes: Any
) -> AsyncIterator[Desk]:
    """The limit is lifted unless given; every other change names a setting."""
    account = SendingAccount(api_key="SG.test", api_url=provider_url, mails_per_s=mails_per_s)
    settings = settings_with(accounts={"default": account}, **changes)
    async with Provider(account, settings) as provider:
        connection = coordination.connect(redis_url, timeout_s=2)
        yield Desk(
            engine=shop.engine,
            settings=settings,
            provider=provider,
            permits=RateLimit(
                connection, account="default", mails_per_s=mails_per_s, pause_left_s=lambda: pause_left_s(shop)
            ),
            breaker=Breaker(connection, account="default", failures_to_open=settings.breaker_failures),
            witnesses=Witnesses(connection),
            links=UnsubscribeLinks(keys=["a-key"], public_url=settings.public_url),
            worker="w",
            mails_per_s=mails_per_s,
        )
        connection.close()


def pause_left_s(shop: Shop) -> float:
    """What the database knows of the provider's pause."""
    with shop.engine.begin() as connection:
        return pauses.pause_left_s(connection, account="default")


def campaign_of(shop: Shop, campaign_id: int) -> Campaign:
    """The campaign as the worker reads it."""
    with shop.engine.begin() as connection:
        campaign = campaigns.campaign_by_id(connection, campaign_id=campaign_id)
    assert campaign is not None
    return campaign


def everything(campaign_id: int) -> Batch:
    """A batch that spans every job of a test."""
    return Batch(campaign_id=campaign_id, first_id=1, last_id=1_000_000)


@dataclass(frozen=True)
class Sent:
    """What one run came to, and what the provider saw of it."""

    report: Report
    provider: ScriptedProvider


@dataclass(frozen=True)
class Mailing:
    """A running campaign whose ready jobs can be sent."""

    shop: Shop
    redis_url: str
    campaign_id: int

    def sender(self, desk: Desk, *, is_stopping: Callable[[], bool] = lambda: False, **more: Any) -> BatchSender:
        """A sender for all jobs."""
        campaign = campaign_of(self.shop, self.campaign_id)
        return BatchSender(desk, campaign=campaign, batch=everything(self.campaign_id), is_stopping=is_stopping, **more)

    async def send(
        self,
        does: Callable[..., Any],
        *,
        is_stopping: Callable[[], bool] = lambda: False,
        limit: int | None = None,
        **changes: Any,
    ) -> Sent:
        """Send what is ready to a provider that does as told."""
        async with (
            scripted_provider(does) as provider,
            open_desk(self.shop, redis_url=self.redis_url, provider_url=provider.url, **changes) as desk,
        ):
            report = await self.sender(desk, is_stopping=is_stopping, limit=limit).run()
        return Sent(report, provider)

    def add_ready(self, count: int) -> list[int]:
        """More jobs that wait to be sent."""
        return [self.shop.add_job(self.campaign_id) for _ in range(count)]
