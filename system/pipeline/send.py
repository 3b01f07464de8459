"""Sends the jobs of a batch: claim, write, commit the intent, reserve permits, post, record the answers.

ready ─claim─▶ claimed ─intent─▶ sending ─witness, permit, POST─▶ answer ─▶ accepted │ ready │ failed │ unknown
        └─────────── groups of a tenth of a second, several at once, 32 mails in flight ───────────┘
Permits come last, when nothing but the slot stands between a mail and its first byte: a commit that
takes long would waste the slots of a group that had reserved them before.
No transaction is open while HTTP runs. Whatever stops a batch, what was not sent goes back to ready.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import redis
import structlog
from sqlalchemy.exc import DBAPIError

from system.errors import InputError
from system.failpoints import reach
from system.mail.rate_limit import LATE_S, Wait
from system.mail.reply import ReplyKind
from system.metrics import PERMIT_WAIT_S
from system.pipeline.answers import answer_for, released
from system.pipeline.epoch import EpochWatch
from system.pipeline.letters import Mail, write_mail
from system.pipeline.record import Recorder
from system.states import Happening, JobState
from system.storage import claims
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from system.mail.rate_limit import Permit
    from system.pipeline.desk import Desk
    from system.storage.campaigns import Campaign
    from system.storage.claims import Claimed
    from system.storage.leftovers import Batch

log = structlog.get_logger(__name__)

T = TypeVar("T")

GROUP_S = 0.1
"""A group is what the limit allows in this time, so that a killed worker leaves few mails unknown."""
PATIENCE_S = 2.5
"""A batch ends when nothing may go out for longer (the pause of a Redis without memory is shorter, a provider's
Retry-After is not): leases would lapse, and mails that never left would become unknown."""
LOOK_S = 0.5
"""The longest sleep between two looks whether the worker was told to stop."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one batch came to."""

    accepted: int
    answered: int
    stopped: str | None
    """Why the batch ended before its range was empty."""


class BatchSender:
    """One batch on its way; `run` may be called once."""

    def __init__(
        self,
        desk: Desk,
        *,
        campaign: Campaign,
        batch: Batch,
        is_stopping: Callable[[], bool],
        limit: int | None = None,
        is_probe: bool = False,
    ) -> None:
        self._desk, self._campaign, self._batch = desk, campaign, batch
        self._is_stopping, self._left, self._is_probe = is_stopping, limit, is_probe
        self._token = uuid.uuid4()
        self._rng = random.Random()  # noqa: S311  # jitter, not secrecy
        self._room = asyncio.Semaphore(desk.settings.sends_in_flight)
        self._group_size = _group_size(desk)
        self._ends_at = time.monotonic() + desk.settings.batch_run_s
        self._epoch = EpochWatch(desk.engine, desk.witnesses)
        self._halted: str | None = None
        self._recorder = Recorder(
            desk, campaign_id=campaign.id, account=campaign.sending_account, token=self._token, halt=self._halt
        )

    async def run(self) -> Report:
        """Send until the range has nothing due, or something says stop; returns when all answers are recorded."""
        async with self._recorder, asyncio.TaskGroup() as deliveries:
            self._deliveries = deliveries
            while not await self._must_stop():
                leaves_by = time.monotonic() + self._desk.settings.last_start_s
                mails, permits = await self._next_group()
                if not mails:
                    break
                for mail, permit in zip(mails, permits, strict=True):
                    deliveries.create_task(self._deliver(mail, permit, leaves_by=leaves_by))
        return Report(accepted=self._recorder.accepted, answered=self._recorder.answered, stopped=self._halted)

    def _halt(self, reason: str) -> None:
        self._halted = self._halted or reason

    async def _must_stop(self) -> bool:
        if self._is_stopping():
            self._halt("worker is shutting down")
        elif time.monotonic() > self._ends_at:
            self._halt("batch has run long enough")
        elif not self._is_probe and await self._ask_limiter(self._desk.breaker.is_open):
            self._halt("breaker is open")
        elif (await self._ask_limiter(self._desk.permits.held_s) or 0.0) > PATIENCE_S:
            self._halt("provider asked to wait")
        elif reason := await self._ask_limiter(self._epoch.look):
            self._halt(reason)
        return self._halted is not None

    async def _next_group(self) -> tuple[Sequence[Mail], Sequence[Permit]]:
        """Mails whose intents are committed, with their permits; empty when nothing more is to be sent."""
        size = self._group_size if self._left is None else min(self._left, self._group_size)
        if not size:
            return [], []
        for _ in range(size):
            await self._room.acquire()
        mails: Sequence[Mail] = []
        try:
            mails = await asyncio.to_thread(self._claim_and_write, size)
            allowed = await asyncio.to_thread(self._record_intents, mails) if mails else set()
            mails = [mail for mail in mails if mail.intent.job_id in allowed]
        except DBAPIError as exc:
            # Claims that were made lapse by themselves; intents that may have been committed are taken back.
            self._halt(f"database: {type(exc.orig).__name__}")
            self._take_back(mails)
            mails = []
        permits = await self._reserve(len(mails)) if mails and await self._bear_witness(mails) else []
        if not permits:
            self._take_back(mails)
            mails = []
        for _ in range(size - len(mails)):
            self._room.release()
        if self._left is not None:
            self._left -= len(mails)
        return mails, permits

    async def _bear_witness(self, mails: Sequence[Mail]) -> bool:
        """Tell Redis that this group is about to leave: a database that is restored later will lack it."""
        attempt = (self._campaign.id, mails[0].intent.attempt_id)
        return bool(await self._ask_limiter(partial(self._desk.witnesses.note, self._desk.worker, attempt)))

    def _take_back(self, mails: Sequence[Mail]) -> None:
        self._recorder.add_all([(released(mail), None) for mail in mails])

    def _claim_and_write(self, count: int) -> list[Mail]:
        """Claim until some mails can be sent or nothing is due; who must get no mail is settled on the way."""
        while jobs := self._claim(count):
            cards = self._desk.cards(id_ for job in jobs for id_ in (*job.product_ids, *job.because_ids))
            mails: list[Mail] = []
            excluded = [(job.job_id, job.excluded) for job in jobs if job.excluded]
            unwritable: list[tuple[int, str | None]] = []
            for job in jobs:
                if job.excluded:
                    continue
                try:
                    mails.append(
                        write_mail(
                            job,
                            campaign=self._campaign,
                            cards=cards,
                            links=self._desk.links,
                            settings=self._desk.settings,
                        )
                    )
                except InputError as exc:
                    unwritable.append((job.job_id, f"unrenderable: {exc.field}"))
                except Exception as exc:  # whatever it is, it would stop this job's neighbours for ever
                    log.exception("mail.unwritable", job_id=job.job_id)
                    unwritable.append((job.job_id, f"unrenderable: {type(exc).__name__}"))
            self._settle(Happening.EXCLUDED, JobState.SKIPPED, excluded)
            self._settle(Happening.UNRENDERABLE, JobState.FAILED, unwritable)
            if mails:
                return mails
        return []

    def _claim(self, count: int) -> list[Claimed]:
        with transaction(self._desk.engine) as connection:
            return claims.claim_jobs(
                connection,
                campaign_id=self._batch.campaign_id,
                first_id=self._batch.first_id,
                last_id=self._batch.last_id,
                limit=count,
                token=self._token,
                lease_s=self._desk.settings.claim_lease_s,
            )

    def _settle(self, happening: Happening, target: JobState, jobs: Sequence[tuple[int, str | None]]) -> None:
        if jobs:
            with transaction(self._desk.engine) as connection:
                claims.settle_claims(
                    connection,
                    campaign_id=self._batch.campaign_id,
                    token=self._token,
                    happening=happening,
                    target=target,
                    jobs=jobs,
                )

    async def _reserve(self, count: int) -> Sequence[Permit]:
        """Permits for a group, empty when none can be had: without Redis nothing is sent."""
        asked_at = time.monotonic()
        while count and not self._halted:
            permits = await self._ask_limiter(partial(self._desk.permits.reserve, count))
            if permits is None:
                break
            if not isinstance(permits, Wait):
                waited_s = max(0.0, permits[0].starts_at - asked_at)
                PERMIT_WAIT_S.labels(self._campaign.sending_account).observe(waited_s)
                return permits
            if await self._must_stop():
                break
            await asyncio.sleep(min(permits.seconds, LOOK_S))
        return []

    def _record_intents(self, mails: Sequence[Mail]) -> set[int]:
        """The job ids that may be sent: their intents are on disk now."""
        reach("before_intent")
        with transaction(self._desk.engine) as connection:
            allowed = claims.record_intents(
                connection,
                campaign_id=self._batch.campaign_id,
                token=self._token,
                worker=self._desk.worker,
                lease_s=self._desk.settings.claim_lease_s,
                intents=[mail.intent for mail in mails],
            )
        reach("after_intent")
        return allowed

    async def _ask_limiter(self, ask: Callable[[], T]) -> T | None:
        try:
            return await asyncio.to_thread(ask)
        except redis.RedisError as exc:
            self._halt(f"no permits: {type(exc).__name__}")
            return None
        except DBAPIError as exc:
            self._halt(f"database: {type(exc.orig).__name__}")
            return None

    async def _deliver(self, mail: Mail, permit: Permit, *, leaves_by: float) -> None:
        """Post one mail when its permit says; released when the batch has been halted, or slept too long, before."""
        try:
            permit = await self._await_start(permit)
            if self._halted or time.monotonic() > leaves_by:
                self._recorder.add(released(mail), None)
                return
            reply = await self._desk.provider.send(mail.payload, on_sent=partial(self._note_start, permit))
            self._recorder.add(answer_for(mail, reply, settings=self._desk.settings, rng=self._rng), reply)
            if reply.kind is ReplyKind.BLOCKED:
                self._halt(f"provider: {reply.reason}")
        finally:
            self._room.release()

    async def _await_start(self, permit: Permit) -> Permit:
        """Sleep until the permit's moment; one that was missed is moved to the present, or replaced.

        Moved once: on a machine too busy to start in time, nothing would ever start; `_note_start` tells the log.
        """
        while self._desk.mails_per_s is not None and not self._halted:
            await _sleep_until(permit.starts_at)
            if time.monotonic() - permit.starts_at <= LATE_S:
                break
            renewed = await self._ask_limiter(partial(self._desk.permits.renew, permit))
            if renewed is not None:
                return renewed
            if replacement := await self._reserve(1):
                permit = replacement[0]
        return permit

    def _note_start(self, permit: Permit, started_at: float) -> None:
        """On a busy machine a process may be held up between its last look at the clock and its first byte."""
        reach("after_bytes")
        if self._desk.mails_per_s is not None and started_at - permit.starts_at > LATE_S:
            correct = partial(self._desk.permits.correct, permit, started_at=started_at)
            self._deliveries.create_task(self._ask_limiter(correct))


def _group_size(desk: Desk) -> int:
    most = max(1, desk.settings.sends_in_flight // 2)
    return most if desk.mails_per_s is None else max(1, min(most, round(desk.mails_per_s * GROUP_S)))


async def _sleep_until(moment: float) -> None:
    while (seconds := moment - time.monotonic()) > 0:  # noqa: ASYNC110  # a timer may fire a little early
        await asyncio.sleep(seconds)
