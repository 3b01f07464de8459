"""Writes answers down as they come in: many in one statement, again and again until the database takes them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Self

import redis
import structlog
from sqlalchemy.exc import DBAPIError

from system.failpoints import reach
from system.mail.reply import Reply, ReplyKind
from system.metrics import ANSWERS_LOST, SEND_ATTEMPTS
from system.pipeline.answers import FAILURES_OF_THE_PROVIDER
from system.storage import campaigns, outcomes, pauses
from system.storage.database import transaction
from system.tracing import spanned

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from system.pipeline.desk import Desk
    from system.storage.outcomes import Answer

log = structlog.get_logger(__name__)

GATHER_S = 0.05
"""Answers that arrive within this time are written together."""
RETRY_S = 0.5


class Recorder:
    """Collects a batch's answers; leaving the context writes the last of them."""

    def __init__(
        self, desk: Desk, *, campaign_id: int, account: str, token: uuid.UUID, halt: Callable[[str], None]
    ) -> None:
        self._desk, self._campaign_id, self._token, self._halt = desk, campaign_id, token, halt
        self._account = account
        self._waiting: list[tuple[Answer, Reply | None]] = []
        self._arrived = asyncio.Event()
        self._closing = False
        self.accepted = 0
        self.answered = 0

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write_until_closed())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._closing = True
        self._arrived.set()
        await self._writer

    def add(self, answer: Answer, reply: Reply | None) -> None:
        """Take one answer; `reply` is None when the provider was never asked."""
        self._waiting.append((answer, reply))
        self._arrived.set()

    def add_all(self, answers: Sequence[tuple[Answer, Reply | None]]) -> None:
        """Take several at once."""
        for answer, reply in answers:
            self.add(answer, reply)

    async def _write_until_closed(self) -> None:
        while not self._closing or self._waiting:
            await self._arrived.wait()
            if not self._closing:
                await asyncio.sleep(GATHER_S)
            self._arrived.clear()
            taken, self._waiting = self._waiting, []
            if taken:
                await self._write(taken)

    async def _write(self, taken: Sequence[tuple[Answer, Reply | None]]) -> None:
        answers = [answer for answer, _ in taken]
        for outcome, attempts in Counter(answer.outcome for answer in answers).items():
            SEND_ATTEMPTS.labels(self._account, outcome).inc(attempts)
        replies = [reply for _, reply in taken if reply is not None]
        await asyncio.to_thread(self._count, [reply.kind for reply in replies])
        await asyncio.to_thread(self._respect_limits, replies)
        gives_up_at = time.monotonic() + self._desk.settings.claim_lease_s
        while True:
            try:
                await asyncio.to_thread(self._store, answers, replies)
            except DBAPIError as exc:
                # The provider's word must not be lost while the database restarts. When the lease is over,
                # the sweep has made these jobs unknown, and webhook evidence settles them.
                if time.monotonic() > gives_up_at:
                    ANSWERS_LOST.inc(len(answers))
                    log.error("answers.lost", campaign_id=self._campaign_id, answers=len(answers))  # noqa: TRY400  # the cause was logged below
                    return
                log.warning("answers.retried", campaign_id=self._campaign_id, error=type(exc.orig).__name__)
                self._halt(f"database: {type(exc.orig).__name__}")
                await asyncio.sleep(RETRY_S)
            else:
                return

    @spanned("record")
    def _store(self, answers: Sequence[Answer], replies: Sequence[Reply]) -> None:
        reach("before_record")
        with transaction(self._desk.engine) as connection:
            outcomes.record_answers(connection, campaign_id=self._campaign_id, token=self._token, answers=answers)
            if pause_s := self._pause_s(replies):
                pauses.lengthen_pause(connection, account=self._account, seconds=pause_s)
            self._judge_campaign(connection, replies)
        reach("after_record")
        self.answered += len(answers)
        self.accepted += sum(reply.kind is ReplyKind.ACCEPTED for reply in replies)

    def _judge_campaign(self, connection: Connection, replies: Sequence[Reply]) -> None:
        """Pause the campaign when somebody must act before any mail can go out."""
        blocked = next((r.reason for r in replies if r.kind is ReplyKind.BLOCKED), None)
        if blocked:
            campaigns.pause_campaign(
                connection, campaign_id=self._campaign_id, reason=f"the provider blocks the account: {blocked}"
            )
        rejected = [r.reason or "" for r in replies if r.kind is ReplyKind.REJECTED]
        if any(r.kind is ReplyKind.ACCEPTED for r in replies):
            campaigns.end_rejections(connection, campaign_id=self._campaign_id)
        elif rejected and campaigns.count_rejections(
            connection,
            campaign_id=self._campaign_id,
            reason=rejected[-1],
            rejected=rejected.count(rejected[-1]),
            pause_at=self._desk.settings.rejections_to_pause,
        ):
            self._halt("campaign is paused")

    def _count(self, kinds: Sequence[ReplyKind]) -> None:
        """Tell the breaker; a mail that was rejected or throttled was still answered by a working provider."""
        failed_since = 0
        for kind in kinds:
            failed_since = failed_since + 1 if kind in FAILURES_OF_THE_PROVIDER else 0
        worked = sum(kind not in FAILURES_OF_THE_PROVIDER for kind in kinds)
        if not kinds:
            return
        try:
            opened = self._desk.breaker.count(accepted=worked, failed_since=failed_since)
        except redis.RedisError:
            self._halt("no permits: Redis is away")
            return
        if opened:
            log.warning("breaker.opened", failures=failed_since)
            self._halt("breaker is open")

    def _respect_limits(self, replies: Sequence[Reply]) -> None:
        """A throttled mail holds back all workers for as long as the provider asks."""
        if pause_s := self._pause_s(replies):
            try:
                self._desk.permits.hold(pause_s)
            except redis.RedisError:
                self._halt("no permits: Redis is away")

    def _pause_s(self, replies: Sequence[Reply]) -> float:
        settings = self._desk.settings
        waits = [
            min(reply.retry_after_s or settings.retry_after_s, settings.retry_after_max_s)
            for reply in replies
            if reply.kind is ReplyKind.THROTTLED
        ]
        return max(waits, default=0.0)
