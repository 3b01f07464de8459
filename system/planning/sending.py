"""How one installation's senders work off the queue: batch after batch, account by account, an outage among them.

A process takes the batch that is first in the queue, whatever its account, and shares that account's limit evenly with
the others that serve it. A batch that runs too long, or meets an outage, ends; the sweep enqueues its rest.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from system.pipeline.sweep import BATCHES_PER_SWEEP

if TYPE_CHECKING:
    from collections.abc import Iterable

TOO_LITTLE = 1e-6
"""Mails and seconds below this are errors of rounding."""
HALF_A_MAIL = 0.5


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A batch in the queue: whose, how many mails, and from when on."""

    account: int
    mails: float
    since_s: float


@dataclass(frozen=True, kw_only=True)
class Senders:
    """What the simulation is about."""

    processes: int
    process_mails_per_s: float
    """The most that one process can send."""
    account_mails_per_s: float
    all_mails_per_s: float = inf
    """The most that everything behind the senders carries."""
    batch_jobs: int
    batch_run_s: float
    outage: tuple[float, float] = (inf, inf)
    """From when until when nothing is sent, recovery included."""


@dataclass(kw_only=True)
class Sent:
    """What came of it."""

    last_mail_s: float = 0.0
    sending_s: float = 0.0
    """Without the outage."""
    most_waiting: int = 0
    """Batches in the queue at its longest."""
    starved_s: float = 0.0
    """Summed over accounts: mails to send, and no process that serves them."""
    owed_s: float = 0.0
    """Summed over accounts: mails to send."""


@dataclass
class _Account:
    """One account's limit, shared by its processes: `given` counts the mails that each of them could send so far."""

    open_mails: float = 0.0
    left_over: float = 0.0
    rate: float = 0.0
    """Of each process."""
    given: float = 0.0
    ends: list[tuple[float, float]] = field(default_factory=list)
    """(value of `given` at which a process has sent its batch, when the batch must end)."""
    first_until_s: float = inf
    """When the first of them must end, or earlier."""

    def begin(self, *, mails: float, until_s: float) -> None:
        heappush(self.ends, (self.given + mails, until_s))
        self.first_until_s = min(self.first_until_s, until_s)

    def end_sent(self) -> int:
        """How many processes have sent their batch."""
        before = len(self.ends)
        while self.ends and self.ends[0][0] - self.given <= TOO_LITTLE:
            heappop(self.ends)
        return before - len(self.ends)

    def end_late(self, *, now_s: float) -> int:
        """How many processes have had their time; what they have not sent is left over."""
        if self.first_until_s > now_s:
            return 0
        late = [end for end in self.ends if end[1] <= now_s]
        self.left_over += sum(end - self.given for end, _ in late)
        self.ends = sorted(end for end in self.ends if end[1] > now_s)
        self.first_until_s = min((until_s for _, until_s in self.ends), default=inf)
        return len(late)


def simulate(senders: Senders, arrivals: Iterable[Waiting], *, accounts: int) -> Sent:
    """Work everything off; deterministic."""
    return _Simulation(senders, list(arrivals), accounts).run()


class _Simulation:
    def __init__(self, senders: Senders, arrivals: list[Waiting], accounts: int) -> None:
        self._senders = senders
        self._coming = deque(sorted(arrivals, key=lambda batch: batch.since_s))
        self._queue: deque[Waiting] = deque()
        self._accounts = [_Account() for _ in range(accounts)]
        for batch in arrivals:
            self._accounts[batch.account].open_mails += batch.mails
        self._idle = senders.processes
        self._now_s = 0.0
        self._sent = Sent()

    def run(self) -> Sent:
        while self._coming or self._queue or any(account.ends or account.left_over for account in self._accounts):
            if self._is_out():
                self._release_all()
            else:
                self._take_batches()
            self._share_limits()
            self._advance(self._next_moment_s())
            self._end_batches()
        return self._sent

    def _is_out(self) -> bool:
        begin, end = self._senders.outage
        return begin <= self._now_s < end

    def _take_batches(self) -> None:
        self._receive()
        while self._idle and (self._queue or self._sweep()):
            batch = self._queue.popleft()
            account = self._accounts[batch.account]
            account.begin(mails=batch.mails, until_s=self._now_s + self._senders.batch_run_s)
            self._idle -= 1

    def _receive(self) -> None:
        while self._coming and self._coming[0].since_s <= self._now_s:
            self._queue.append(self._coming.popleft())
        self._sent.most_waiting = max(self._sent.most_waiting, len(self._queue))

    def _sweep(self) -> bool:
        """Fill a queue that has run dry with what was left over."""
        for number, account in enumerate(self._accounts):
            for _ in range(BATCHES_PER_SWEEP):
                mails = min(account.left_over, self._senders.batch_jobs)
                if not mails:
                    break
                account.left_over -= mails
                self._queue.append(Waiting(account=number, mails=mails, since_s=self._now_s))
        return bool(self._queue)

    def _release_all(self) -> None:
        self._receive()
        for batch in self._queue:
            self._accounts[batch.account].left_over += batch.mails
        self._queue.clear()
        for account in self._accounts:
            self._idle += account.end_late(now_s=inf)

    def _share_limits(self) -> None:
        senders, wanted = self._senders, 0.0
        for account in self._accounts:
            if serving := len(account.ends):
                account.rate = min(senders.account_mails_per_s / serving, senders.process_mails_per_s)
                wanted += account.rate * serving
        if wanted > senders.all_mails_per_s:
            for account in self._accounts:
                account.rate *= senders.all_mails_per_s / wanted

    def _next_moment_s(self) -> float:
        moments = [edge for edge in self._senders.outage if edge > self._now_s]
        if self._coming and self._idle:
            moments.append(max(self._coming[0].since_s, self._now_s + TOO_LITTLE))
        for account in self._accounts:
            if account.ends:
                moments.append(self._now_s + (account.ends[0][0] - account.given) / account.rate)
                moments.append(account.first_until_s)
        return max(self._now_s, min(moments))

    def _advance(self, until_s: float) -> None:
        seconds, is_out = until_s - self._now_s, self._is_out()
        for account in self._accounts:
            if serving := len(account.ends):
                account.given += account.rate * seconds
                account.open_mails -= account.rate * seconds * serving
            if account.open_mails > HALF_A_MAIL and not is_out:
                self._sent.owed_s += seconds
                self._sent.starved_s += 0 if serving else seconds
        self._sent.sending_s += 0 if is_out else seconds
        self._now_s = self._sent.last_mail_s = until_s

    def _end_batches(self) -> None:
        for account in self._accounts:
            self._idle += account.end_sent() + account.end_late(now_s=self._now_s)
