"""Makes a restored database fit to send: whoever got a mail after the backup was taken gets no second one.

weeks that may have been sent since ─▶ their campaigns and jobs, as dispatch makes them
    asked:  in the provider's record ─▶ accepted      not in it ─▶ left as they are, and sent
    held:   all that were not sent yet ─▶ unknown ─▶ indeterminate, unless evidence comes
─▶ new epoch
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from system.pipeline.dispatch import dispatch_pages, start_campaign
from system.storage import campaigns, epochs, reconciling
from system.storage.database import transaction
from system.week import week_key_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Engine

    from system.mail.witnesses import Witnesses
    from system.settings import Settings
    from system.storage.campaigns import Campaign, Newsletter

REASON: Final = "may have been sent after the backup was taken"


class Record(Protocol):
    """What one sending account's provider says that it accepted."""

    async def accepted(self, *, newsletter: str, week_key: str) -> dict[str, str]:
        """Message id to the recipient's address."""
        ...

    async def user_of(self, message_id: str) -> int:
        """Whose mail a message was."""
        ...


@dataclass(frozen=True, kw_only=True)
class Week:
    """What became of one newsletter's week."""

    newsletter: str
    week_key: str
    accepted: int
    held: int


def begun_weeks(newsletter: Newsletter, *, since: datetime, until: datetime) -> set[str]:
    """The weeks of a span in the newsletter's time zone."""
    days = range((until - since).days + 2)
    moments = (min(since + timedelta(days=day), until) for day in days)
    return {week_key_of(moment, time_zone=newsletter.time_zone) for moment in moments}


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """Everything that one run decides with; `records` by sending account, None when the provider can't be asked."""

    engine: Engine
    settings: Settings
    witnesses: Witnesses
    records: Mapping[str, Record] | None
    now: datetime

    async def run(self) -> list[Week]:
        """Settle every week that may have been sent, then open a new epoch; safe to run again after a failure."""
        with transaction(self.engine) as connection:
            epochs.lock_sending(connection, reason="it is being reconciled with the provider")
            newsletters = campaigns.newsletters(connection)
            since = epochs.last_trace(connection)
        weeks = [
            week
            for newsletter in newsletters
            for week_key in sorted(self._weeks_of(newsletter) | begun_weeks(newsletter, since=since, until=self.now))
            if (week := await self._settle(newsletter, week_key)) is not None
        ]
        self.witnesses.forget()
        with transaction(self.engine) as connection:
            epochs.open_epoch(connection, opened_by=f"reconciliation, {'held' if self.records is None else 'asked'}")
        return weeks

    def _weeks_of(self, newsletter: Newsletter) -> set[str]:
        with transaction(self.engine) as connection:
            return {c.week_key for c in campaigns.open_campaigns(connection) if c.newsletter == newsletter.name}

    async def _settle(self, newsletter: Newsletter, week_key: str) -> Week | None:
        """One week; None when the provider has no mail of it, or its campaign had ended before the backup was taken."""
        campaign = self._campaign(newsletter, week_key)
        if campaign is not None and campaign.completed_at is not None:
            return None
        messages = await self._messages(newsletter, week_key)
        if campaign is None and ((messages is None and not newsletter.enabled) or messages == {}):
            return None
        campaign_id = self._make_jobs(newsletter, week_key)
        if messages is None:
            held = self._hold(campaign_id, job_ids=None)
            return Week(newsletter=newsletter.name, week_key=week_key, accepted=0, held=held)
        accepted = await self._accept(newsletter, campaign_id, messages)
        return Week(newsletter=newsletter.name, week_key=week_key, accepted=accepted, held=0)

    def _campaign(self, newsletter: Newsletter, week_key: str) -> Campaign | None:
        with transaction(self.engine) as connection:
            return campaigns.campaign_of_week(connection, newsletter_id=newsletter.id, week_key=week_key)

    async def _messages(self, newsletter: Newsletter, week_key: str) -> dict[str, str] | None:
        """None when nobody can be asked."""
        if self.records is None:
            return None
        return await self.records[newsletter.sending_account].accepted(newsletter=newsletter.name, week_key=week_key)

    def _make_jobs(self, newsletter: Newsletter, week_key: str) -> int:
        """A job for everybody who may have been mailed, also where the backup was taken before the dispatch."""
        started = start_campaign(
            self.engine, newsletter=newsletter.name, week_key=week_key, triggered_by="reconciliation", while_locked=True
        )
        campaign = self._campaign(newsletter, week_key)
        assert campaign is not None
        with transaction(self.engine) as connection:
            campaigns.resume_campaign(connection, campaign_id=campaign.id)
        for _ in dispatch_pages(
            self.engine,
            campaign_id=started.campaign_id,
            page_users=self.settings.dispatch_page_users,
            batch_jobs=self.settings.batch_jobs,
        ):
            pass  # nobody recommends or sends yet; the sweep finds these jobs
        if campaign.state == "paused":
            with transaction(self.engine) as connection:
                campaigns.pause_campaign(connection, campaign_id=campaign.id, reason=campaign.state_reason or REASON)
        return started.campaign_id

    def _hold(self, campaign_id: int, *, job_ids: list[int] | None) -> int:
        with transaction(self.engine) as connection:
            return reconciling.hold_jobs(connection, campaign_id=campaign_id, job_ids=job_ids, reason=REASON)

    async def _accept(self, newsletter: Newsletter, campaign_id: int, messages: dict[str, str]) -> int:
        assert self.records is not None
        with transaction(self.engine) as connection:
            waiting = reconciling.waiting_jobs(connection, campaign_id=campaign_id)
        by_address: dict[str, list[int]] = defaultdict(list)
        for job in waiting:
            by_address[job.address].append(job.job_id)
        by_user = {job.user_id: job.job_id for job in waiting}
        proven: dict[int, str] = {}
        for message_id, address in messages.items():
            jobs = by_address[address.lower()]
            # An address that several users share, or that has changed since, tells nothing: the message itself does.
            record = self.records[newsletter.sending_account]
            job_id = jobs[0] if len(jobs) == 1 else by_user.get(await record.user_of(message_id))
            if job_id is not None:
                proven[job_id] = message_id.partition(".")[0]
        self._hold(campaign_id, job_ids=list(proven))
        with transaction(self.engine) as connection:
            return reconciling.accept_jobs(connection, campaign_id=campaign_id, message_ids=proven)
