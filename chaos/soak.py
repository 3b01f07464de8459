"""Seeded cycles of random faults until the time is over: each a campaign, judged, and shortened when it fails."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chaos.bench import Bench
from chaos.soak_schedule import draw_cycle, experiment_of, shrink
from chaos.suite import Suite, tell
from slo_reports.trials.trial import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from chaos.soak_schedule import Drawn
    from slo_reports.trials.suite import SuiteFolder
    from slo_reports.trials.trial import Trial

USERS: Final = 1_000
SHRINK_TRIES: Final = 12


@dataclass
class Soak:
    """What is carried out, and what has become of it so far."""

    folder: SuiteFolder
    minutes: float
    seed: int
    first: int
    """The number of the first cycle; to repeat one, begin with it."""
    most: int | None
    """At most so many cycles; None until the time is over."""
    command: str
    console: Console
    _cycles: list[dict[str, Any]] = field(default_factory=list)
    _faults: int = 0
    _shrunk: list[str] | None = None

    def __post_init__(self) -> None:
        self._suite = Suite(
            folder=self.folder, experiments=[], seed=self.seed, command=self.command, console=self.console
        )

    def run(self) -> dict[str, Any]:
        """Until the time is over, a cycle has failed and was shortened, or Ctrl-C; what `suite.json` says then."""
        state = "finished"
        self._write("recording")
        try:
            with Bench(self.folder.path, users=USERS, seed=self.seed, console=self.console) as bench:
                self._run_cycles(bench)
        except KeyboardInterrupt:
            state = "interrupted"
        return self._write(state)

    def _run_cycles(self, bench: Bench) -> None:
        ends_at_s = time.monotonic() + self.minutes * 60
        number = self.first
        while time.monotonic() < ends_at_s and (self.most is None or number < self.first + self.most):
            drawn = draw_cycle(seed=self.seed, number=number)
            trial = self._cycle(bench, drawn, number=number)
            if trial.outcome is Outcome.BROKEN:
                self._shorten(bench, drawn, number=number)
                return
            number += 1

    def _cycle(self, bench: Bench, drawn: Sequence[Drawn], *, number: int) -> Trial:
        name, began_s = f"cycle-{number:04d}", time.monotonic()
        started = datetime.now(UTC).isoformat()
        trial = bench.trial(experiment_of(drawn, name=name, users=USERS))
        self._faults += len(trial.faults)
        self._cycles.append(
            {
                "number": number,
                "seed": self.seed,
                "started": started,
                "run": name,
                "outcome": str(trial.outcome),
                "reason": trial.reason,
                "steps": [str(one) for one in drawn],
                "numbers": trial.numbers,
            }
        )
        self._write("recording")
        tell(self.console, f"{name} ({', '.join(map(str, drawn))})", trial, took_s=time.monotonic() - began_s)
        return trial

    def _shorten(self, bench: Bench, drawn: Sequence[Drawn], *, number: int) -> None:
        tries = 0

        def fails(shorter: Sequence[Drawn]) -> bool:
            nonlocal tries
            tries += 1
            name = f"cycle-{number:04d}-shorter-{tries:02d}"
            trial = bench.trial(experiment_of(shorter, name=name, users=USERS))
            tell(self.console, f"{name} ({', '.join(map(str, shorter))})", trial, took_s=0.0)
            return trial.outcome is Outcome.BROKEN

        self._shrunk = [str(one) for one in shrink(drawn, fails=fails, tries=SHRINK_TRIES)]
        self._write("recording")

    def _write(self, state: str) -> dict[str, Any]:
        soak = {
            "minutes": self.minutes,
            "seed": self.seed,
            "cycles": self._cycles,
            "faults": self._faults,
            "shrunk": self._shrunk,
        }
        return self._suite.write(state, soak=soak)
