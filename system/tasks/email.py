"""The `emails` queue: sending a batch, and probing the provider while the breaker is open."""

from __future__ import annotations

import asyncio
import contextvars
import os
import socket
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
import uvloop
from celery import signals

from system.mail import coordination
from system.mail.breaker import Breaker
from system.mail.links import UnsubscribeLinks
from system.mail.provider import Provider
from system.mail.rate_limit import RateLimit
from system.mail.witnesses import Witnesses
from system.metrics import BATCH_S
from system.pipeline.desk import Desk
from system.pipeline.probe import probe_provider
from system.pipeline.send import BatchSender
from system.settings import load_settings
from system.storage import campaigns, pauses
from system.storage.database import process_engine, transaction
from system.storage.leftovers import Batch
from system.tasks.app import app, is_shutting_down

if TYPE_CHECKING:
    from system.pipeline.send import Report
    from system.storage.campaigns import Campaign

log = structlog.get_logger(__name__)

GIL_SWITCH_S = 0.0005
"""Mails are written in a thread beside the event loop, which must not wait the default 5 ms for its slots."""


@app.task(name="emails.send_emails")
def send_emails(campaign_id: int, first_id: int, last_id: int) -> None:
    """Send what is ready and due in a range of jobs."""
    campaign = _campaign(campaign_id)
    desk = _desk(campaign.sending_account)
    batch = Batch(campaign_id=campaign_id, first_id=first_id, last_id=last_id)

    async def send() -> Report:
        return await BatchSender(desk, campaign=campaign, batch=batch, is_stopping=is_shutting_down).run()

    with BATCH_S.labels("send").time():
        report = _runner().run(send(), context=contextvars.copy_context())
    log.info("batch.sent", campaign_id=campaign_id, first_id=first_id, accepted=report.accepted, stopped=report.stopped)


@app.task(name="emails.probe_provider")
def probe(campaign_id: int, first_id: int, last_id: int) -> None:
    """Probe until the provider accepts a mail; then let the sweep feed the workers at once."""
    campaign = _campaign(campaign_id)
    desk = _desk(campaign.sending_account)
    batch = Batch(campaign_id=campaign_id, first_id=first_id, last_id=last_id)
    probing = probe_provider(desk, campaign=campaign, batch=batch, is_stopping=is_shutting_down)
    if _runner().run(probing, context=contextvars.copy_context()):
        app.send_task("orchestrator.sweep")


def _campaign(campaign_id: int) -> Campaign:
    with transaction(process_engine()) as connection:
        campaign = campaigns.campaign_by_id(connection, campaign_id=campaign_id)
    if campaign is None:
        raise LookupError(f"campaign {campaign_id} does not exist; the message is dropped")
    return campaign


@cache
def _runner() -> asyncio.Runner:
    """One event loop per process, so that connections to the provider outlive a batch.

    By itself it runs everything in the context of its first batch; so whoever runs one gives a copy of the present one.
    """
    sys.setswitchinterval(GIL_SWITCH_S)
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


@cache
def _desk(account_name: str) -> Desk:
    settings = load_settings()
    account = settings.account(account_name)
    connection = coordination.connect(settings.redis_url.get_secret_value(), timeout_s=settings.socket_timeout_s)

    def pause_left_s() -> float:
        with transaction(process_engine()) as reading:
            return pauses.pause_left_s(reading, account=account_name)

    provider = Provider(account, settings)
    _runner().run(provider.__aenter__())
    return Desk(
        engine=process_engine(),
        settings=settings,
        provider=provider,
        permits=RateLimit(connection, account=account_name, mails_per_s=account.mails_per_s, pause_left_s=pause_left_s),
        breaker=Breaker(connection, account=account_name, failures_to_open=settings.breaker_failures),
        witnesses=Witnesses(connection),
        links=UnsubscribeLinks(
            keys=[key.get_secret_value() for key in settings.link_keys], public_url=settings.public_url
        ),
        worker=f"{socket.gethostname()}:{os.getpid()}",
        mails_per_s=account.mails_per_s,
    )


@signals.worker_process_shutdown.connect
def _close(**_: Any) -> None:
    if _runner.cache_info().currsize:
        _runner().close()
