"""Lets a fault happen in mid-campaign: waits until a share of the mails is out, breaks, holds, heals."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from chaos.fault import Effect, injected
from slo_reports import run_folder

if TYPE_CHECKING:
    from chaos.fault import Injector
    from slo_reports.run_folder import RunFolder

LOOK_EVERY_S: Final = 1.0
SENT: Final = ("accepted", "delivered", "bounced", "dropped")


@dataclass
class OutageWatch:
    """A thread beside the campaign; leaving the context heals at once, also after Ctrl-C."""

    run: RunFolder
    injector: Injector
    at_mails: int
    for_s: float
    error: Exception | None = None
    """What went wrong in the thread; the harness is broken then, not the system."""
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, name="outage-watch")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._stop.wait(LOOK_EVERY_S / 4):
                if self._mails_sent() >= self.at_mails:
                    self._let_it_happen()
                    return
        except Exception as exc:  # noqa: BLE001  # whatever it is, the main thread reports it
            self.error = exc

    def _let_it_happen(self) -> None:
        observed = 0
        with injected(self.run, self.injector, for_s=self.for_s):
            looks = int(self.for_s / LOOK_EVERY_S)
            for _ in range(looks):
                observed += self.injector.look()
                if self._stop.wait(LOOK_EVERY_S):
                    break
            effect = Effect(observed=observed, how=f"{self.injector.evidence}, one look a second")
            identity = {"fault": self.injector.fault, "name": self.injector.name}
            self.run.note("nemesis", "ok", "effect", value={**identity, **effect.__dict__})

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
