"""Lets faults happen in mid-campaign: waits until a share of the mails is out, breaks, holds, heals."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from chaos.fault import Effect, injected
from slo_reports import run_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.fault import Injector
    from slo_reports.run_folder import RunFolder

LOOK_EVERY_S: Final = 1.0
GLANCE_EVERY_S: Final = 0.25
SENT: Final = ("accepted", "delivered", "bounced", "dropped")


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One fault of a campaign, and when it begins and ends."""

    injector: Injector
    at_mails: int
    """It begins when so many mails are out, and not before the fault before it has been healed."""
    for_s: float
    until_seen: bool = False
    """It is healed as soon as it has bitten; `for_s` is how long it may wait for that."""


@dataclass
class FaultWatch:
    """A thread beside the campaign; leaving the context heals at once, also after Ctrl-C."""

    run: RunFolder
    plan: Sequence[Planned]
    error: Exception | None = None
    """What went wrong in the thread; the harness is broken then, not the system."""
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, name="fault-watch")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            for planned in self.plan:
                while self._mails_sent() < planned.at_mails:
                    if self._stop.wait(GLANCE_EVERY_S):
                        return
                self._let_it_happen(planned)
        except Exception as exc:  # noqa: BLE001  # whatever it is, the main thread reports it
            self.error = exc

    def _let_it_happen(self, planned: Planned) -> None:
        injector = planned.injector
        with injected(self.run, injector, for_s=planned.for_s):
            every_s = GLANCE_EVERY_S if planned.until_seen else LOOK_EVERY_S
            observed = self._observe(planned, every_s=every_s)
            effect = Effect(observed=observed, how=f"{injector.evidence}, one look every {every_s:g} s")
            identity = {"fault": injector.fault, "name": injector.name}
            self.run.note("nemesis", "ok", "effect", value={**identity, **effect.__dict__})

    def _observe(self, planned: Planned, *, every_s: float) -> int:
        """How often the fault was seen to bite."""
        observed = 0
        ends_at = time.monotonic() + planned.for_s
        while True:
            observed += planned.injector.look()
            left_s = max(0.0, ends_at - time.monotonic())
            if (planned.until_seen and observed) or self._stop.wait(min(every_s, left_s)) or left_s <= every_s:
                return observed

    def _mails_sent(self) -> int:
        """From the last sample that was written completely."""
        try:
            with (self.run.path / run_folder.SAMPLES).open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - 4_096))
                lines = file.read().split(b"\n")
        except OSError:
            return 0
        if len(lines) < 2:  # noqa: PLR2004  # after the last newline stands what is not complete yet
            return 0
        jobs = json.loads(lines[-2])["jobs"]
        return sum(jobs.get(state, 0) for state in SENT)
