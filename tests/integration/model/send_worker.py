"""A worker of the model: the order of the real one's steps, each a rule of its own, over the real statements."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from model_provider import Request

from system.pipeline.answers import answer_for, released
from system.pipeline.letters import Mail
from system.states import Happening, JobState
from system.storage import claims, outcomes
from system.storage.claims import Intent
from system.storage.database import transaction

if TYPE_CHECKING:
    from model_provider import Fate
    from send_world import World

    from system.mail.reply import Reply
    from system.storage.outcomes import Answer


class Step(StrEnum):
    """How far a mail has come in its worker's memory."""

    CLAIMED = "claimed"
    INTENDED = "intended"
    ANSWERED = "answered"


class Commit(StrEnum):
    """What became of a transaction, and what the worker believes."""

    DONE = "done"
    UNDONE = "undone"  # the database went away before the commit
    UNHEARD = "unheard"  # and here after it: the worker sees the same error


@dataclass
class Sending:
    """One mail in a worker's hands."""

    mail: Mail
    user_id: int
    claimed_at_s: float
    step: Step = Step.CLAIMED
    intended_at_s: float = 0.0
    reply: Reply | None = None


class _RolledBack(Exception):  # noqa: N818  # it is no error, it ends a transaction
    """The database went away."""


@dataclass
class Worker:
    """One batch in one process; when it crashes all of this is gone."""

    world: World
    token: uuid.UUID = field(default_factory=uuid.uuid4)
    sendings: list[Sending] = field(default_factory=list)
    last_answers: list[Answer] = field(default_factory=list)

    def at(self, *steps: Step) -> list[Sending]:
        return [sending for sending in self.sendings if sending.step in steps]

    def claim(self, limit: int) -> list[int]:
        """Users of the jobs that were taken, after those who must get no mail have been settled."""
        world = self.world
        with transaction(world.engine) as connection:
            jobs = claims.claim_jobs(
                connection,
                campaign_id=world.campaign_id,
                first_id=1,
                last_id=2**62,
                limit=limit,
                token=self.token,
                lease_s=world.settings.claim_lease_s,
            )
        excluded = [(job.job_id, job.excluded) for job in jobs if job.excluded]
        if excluded:
            with transaction(world.engine) as connection:
                claims.settle_claims(
                    connection,
                    campaign_id=world.campaign_id,
                    token=self.token,
                    happening=Happening.EXCLUDED,
                    target=JobState.SKIPPED,
                    jobs=excluded,
                )
        for job in jobs:
            if not job.excluded:
                intent = Intent(job_id=job.job_id, attempt_id=uuid.uuid4(), content_hash="h")
                mail = Mail(intent=intent, attempt=job.attempt + 1, payload=b"")
                self.sendings.append(Sending(mail, job.user_id, world.now_s))
        return [sending.user_id for sending in self.sendings]

    def intend(self, commit: Commit) -> set[int]:
        """Write the intents of what is claimed; the jobs that may be sent."""
        group = self.at(Step.CLAIMED)
        allowed = self._record_intents(group, commit)
        for sending in group:
            sending.step, sending.intended_at_s = Step.INTENDED, self.world.now_s
        if commit is not Commit.DONE:
            self.release()
            return set()
        self.sendings = [s for s in self.sendings if s not in group or s.mail.intent.job_id in allowed]
        return allowed

    def _record_intents(self, group: list[Sending], commit: Commit) -> set[int]:
        try:
            with transaction(self.world.engine) as connection:
                allowed = claims.record_intents(
                    connection,
                    campaign_id=self.world.campaign_id,
                    token=self.token,
                    worker="w",
                    lease_s=self.world.settings.claim_lease_s,
                    intents=[sending.mail.intent for sending in group],
                )
                if commit is Commit.UNDONE:
                    raise _RolledBack  # noqa: TRY301  # a raise is what rolls back
                return allowed
        except _RolledBack:
            return set()

    def request(self, sending: Sending) -> Request:
        """The mail as the provider will see it."""
        intent = sending.mail.intent
        return Request(
            campaign_id=self.world.campaign_id,
            user_id=sending.user_id,
            job_id=intent.job_id,
            attempt_id=intent.attempt_id,
        )

    def post(self, sending: Sending, fate: Fate) -> None:
        """The bytes leave, and an answer or an error comes back."""
        sending.reply = self.world.provider.take(self.request(sending), fate)
        sending.step = Step.ANSWERED

    def record(self) -> None:
        """Write the answers that have come in."""
        answered = self.at(Step.ANSWERED)
        self._write(
            [
                answer_for(s.mail, s.reply, settings=self.world.settings, rng=self.world.rng)
                for s in answered
                if s.reply is not None
            ]
        )
        self.sendings = [s for s in self.sendings if s not in answered]

    def record_again(self) -> None:
        """The commit of the last answers was not heard of."""
        self._write(self.last_answers)

    def release(self) -> None:
        """Give back what has an intent and was never posted."""
        unsent = self.at(Step.INTENDED)
        self._write([released(sending.mail) for sending in unsent])
        self.sendings = [s for s in self.sendings if s not in unsent]

    def _write(self, answers: list[Answer]) -> None:
        self.last_answers = answers
        if answers:
            with transaction(self.world.engine) as connection:
                outcomes.record_answers(
                    connection, campaign_id=self.world.campaign_id, token=self.token, answers=answers
                )
