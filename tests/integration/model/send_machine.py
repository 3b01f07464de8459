"""The sending protocol as a state machine: every rule is one committed step of somebody, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from model_provider import Fate
from send_invariants import Violated, check_accept, check_each_step, check_end, check_history, require
from send_worker import Commit, Sending, Step, Worker
from send_world import DEADLINE_S, LEASE_S, new_world

from system.states import EventKind
from system.storage import campaigns
from system.storage.database import transaction

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from send_world import ModelShop, World

T = TypeVar("T")
ANY = st.integers(0, 11)
SPANS_S = (LEASE_S + 1, LEASE_S + 1, DEADLINE_S + 1)
EVENTS = st.lists(st.tuples(ANY, st.sampled_from(EventKind), st.booleans()), min_size=1, max_size=4)


def has(*steps: Step) -> Callable[[SendMachine], bool]:
    """Whether some worker holds a mail that has come so far."""
    return lambda self: any(worker.at(*steps) for worker in self.workers)


class SendMachine(RuleBasedStateMachine):
    """Two workers, up to three jobs; a worker that is not scheduled for long is a zombie."""

    shop: ClassVar[ModelShop]
    seen: ClassVar[Counter[str]]
    world: World

    @initialize(users=st.integers(1, 4), surprises=st.sets(st.sampled_from(["cancel", "suppress", "redeliver"])))
    def begin(self, users: int, surprises: set[str]) -> None:
        self.world = new_world(self.shop, users=users)
        self.workers: list[Worker] = []
        self.surprises = surprises
        check_each_step(self.world)

    # Workers

    @precondition(lambda self: len(self.workers) < 2 and "ready" in self.world.statuses.values())
    @rule(limit=st.integers(1, 3), is_intended=st.booleans())
    def claim(self, limit: int, is_intended: bool) -> None:  # noqa: FBT001  # Hypothesis passes by name
        worker = Worker(self.world)
        users = worker.claim(limit)
        require(not self.world.suppressed & set(users), "I9", "a suppressed user's job was claimed")
        if users:
            self.workers.append(worker)
            if is_intended:
                self._intend(worker, Commit.DONE)

    @precondition(has(Step.CLAIMED))
    @rule(which=ANY, commit=st.sampled_from([Commit.DONE] * 3 + [Commit.UNDONE, Commit.UNHEARD]))
    def intend(self, which: int, commit: Commit) -> None:
        self._intend(self._worker(which, Step.CLAIMED), commit)

    def _intend(self, worker: Worker, commit: Commit) -> None:
        allowed = worker.intend(commit)
        holders = self.world.run(
            "SELECT id, claim_token FROM email_jobs WHERE campaign_id = :campaign_id AND id = ANY(:ids)",
            campaign_id=self.world.campaign_id,
            ids=sorted(allowed),
        )
        strangers = [job_id for job_id, token in holders if token != worker.token]
        require(not strangers, "token", f"an intent was written for jobs {strangers} of another worker")
        self._forget_idle()

    @precondition(lambda self: any(map(self.sendable, self.workers)))
    @rule(which=ANY, mail=ANY, fate=st.sampled_from(Fate))
    def post(self, which: int, mail: int, fate: Fate) -> None:
        worker = _pick([worker for worker in self.workers if self.sendable(worker)], which)
        sending = _pick(self.sendable(worker), mail)
        if fate in (Fate.ACCEPTED, Fate.ANSWER_LOST):
            check_accept(self.world, worker.request(sending))
        self._note("W7 zombie posts", when=self.world.now_s - sending.intended_at_s > LEASE_S)
        self._note(str(fate))
        worker.post(sending, fate)

    @precondition(lambda self: any(map(self.sendable, self.workers)))
    @rule(fates=st.lists(st.sampled_from(Fate), min_size=1, max_size=3))
    def post_and_record(self, fates: list[Fate]) -> None:
        for which, fate in enumerate(fates):
            if any(map(self.sendable, self.workers)):
                self.post(which, 0, fate)
        self.record(0, True)

    def sendable(self, worker: Worker) -> list[Sending]:
        """Mails whose bytes may leave now."""
        return [
            s for s in worker.at(Step.INTENDED) if self.world.now_s - s.claimed_at_s <= self.world.settings.last_start_s
        ]

    @precondition(has(Step.ANSWERED))
    @rule(which=ANY, is_heard=st.booleans())
    def record(self, which: int, is_heard: bool) -> None:  # noqa: FBT001  # Hypothesis passes by name
        worker = self._worker(which, Step.ANSWERED)
        told = {s.mail.intent.job_id for s in worker.at(Step.ANSWERED)} & set(self.world.evidence)
        self._note("W6 evidence before the answer", when=bool(told))
        worker.record()
        if is_heard:
            self._forget_idle()

    @precondition(lambda self: any(worker.last_answers for worker in self.workers))
    @rule(which=ANY)
    def record_again(self, which: int) -> None:
        _pick([worker for worker in self.workers if worker.last_answers], which).record_again()
        self._note("answers written twice")
        self._forget_idle()

    @precondition(has(Step.INTENDED))
    @rule(which=ANY)
    def release(self, which: int) -> None:
        self._worker(which, Step.INTENDED).release()
        self._forget_idle()

    @precondition(lambda self: self.workers)
    @rule(which=ANY)
    def crash(self, which: int) -> None:
        worker = _pick(self.workers, which)
        accepted = {request.attempt_id for request in self.world.provider.accepted}
        for sending in worker.sendings:
            is_accepted = sending.mail.intent.attempt_id in accepted
            self._note(
                {
                    Step.CLAIMED: "W0 crash before the intent",
                    Step.INTENDED: "W1 crash before the first byte",
                    Step.ANSWERED: "W3/W4 crash after the accept" if is_accepted else "W2 crash without an accept",
                }[sending.step]
            )
        self._note("W5 crash after the record", when=not worker.sendings)
        self.workers.remove(worker)

    # The provider

    @precondition(lambda self: self.world.provider.lingering)
    @rule(which=ANY)
    def accept_late(self, which: int) -> None:
        provider = self.world.provider
        request = _pick(provider.lingering, which)
        check_accept(self.world, request)
        provider.lingering.remove(request)
        provider.accepted.append(request)
        self._note("accepted late")

    @precondition(lambda self: self.world.provider.accepted)
    @rule(events=EVENTS)
    def webhook(self, events: list[tuple[int, EventKind, bool]]) -> None:
        told = [self.world.provider.event(index, kind, renamed=renamed) for index, kind, renamed in events]
        self.world.receive(told)

    @precondition(lambda self: self.world.waiting)
    @rule(which=st.lists(ANY, min_size=1, max_size=4))
    def apply(self, which: list[int]) -> None:
        posts = list(self.world.waiting)
        self.world.apply([_pick(posts, index) for index in which])

    # Time, sweep, redelivery, people

    @rule(seconds=st.sampled_from(SPANS_S), is_swept=st.booleans())
    def pass_time(self, seconds: float, is_swept: bool) -> None:  # noqa: FBT001  # Hypothesis passes by name
        self.world.pass_time(seconds)
        if is_swept:
            self.world.sweep()

    @precondition(lambda self: self.surprises)
    @rule(which=ANY)
    def surprise(self, which: int) -> None:
        """Each at most once, so that the protocol itself gets most of the steps."""
        what = _pick(sorted(self.surprises), which)
        self.surprises.remove(what)
        self._note(what)
        if what == "cancel":
            with transaction(self.world.engine) as connection:
                campaigns.cancel_campaign(connection, campaign_id=self.world.campaign_id, reason="a test")
        elif what == "suppress":
            self.world.suppress(_pick(self.world.users, which))
        else:
            self.world.dispatch()

    @invariant()
    def holds(self) -> None:
        try:
            check_each_step(self.world)
        except Violated:
            self.world.is_broken = True
            raise

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            if not self.world.is_broken:
                self._quiesce()
        finally:
            self.world.close()

    def _quiesce(self) -> None:
        """Everything heals, nobody intervenes: then every job must have ended and be explained."""
        world = self.world
        world.provider.lingering.clear()
        for _ in range(4):
            world.pass_time(LEASE_S + 1)
            chores = world.sweep()
            world.apply(chores.posts)
            for _batch in chores.sends:
                self._send_all()
        world.pass_time(DEADLINE_S + 1)
        world.sweep()
        check_each_step(world)
        check_history(world)
        statement = "SELECT id, status FROM email_jobs WHERE campaign_id = :campaign_id"
        statuses = world.run(statement, campaign_id=world.campaign_id)
        check_end(world, statuses)
        self.seen.update(f"ended {status}" for _, status in statuses)

    def _send_all(self) -> None:
        worker = Worker(self.world)
        worker.claim(10)
        worker.intend(Commit.DONE)
        for sending in worker.at(Step.INTENDED):
            check_accept(self.world, worker.request(sending))
            worker.post(sending, Fate.ACCEPTED)
        worker.record()

    def _worker(self, which: int, step: Step) -> Worker:
        return _pick([worker for worker in self.workers if worker.at(step)], which)

    def _forget_idle(self) -> None:
        self.workers = [worker for worker in self.workers if worker.sendings]

    def _note(self, what: str, *, when: bool = True) -> None:
        self.seen[what] += when


def _pick(options: Sequence[T], which: int) -> T:
    return options[which % len(options)]
