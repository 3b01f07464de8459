"""Carries out experiments one after the other, and keeps the suite's folder complete all the time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape

from chaos.bench import Bench
from chaos.experiments import CONTROL, source_of
from chaos.uncovered import UNCOVERED
from loadtests.environment import read_machine, read_source
from slo_reports.trials.suite import trial_facts
from slo_reports.trials.trial import Outcome, Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from chaos.experiment import Experiment
    from slo_reports.trials.suite import SuiteFolder

PROJECT: Final = Path(__file__).parent.parent
MARKS: Final = {
    Outcome.HELD: "[green]held[/]",
    Outcome.SLOW: "[yellow]slow[/]",
    Outcome.BROKEN: "[red]broken[/]",
    Outcome.INCONCLUSIVE: "[yellow]inconclusive[/]",
    Outcome.SKIPPED: "[dim]skipped[/]",
    Outcome.NOT_RUN: "[yellow]not run[/]",
}


@dataclass
class Suite:
    """What is carried out, and what has become of it so far."""

    folder: SuiteFolder
    experiments: Sequence[Experiment]
    seed: int
    command: str
    console: Console
    within_s: float | None = None
    """When this has passed, no further experiment begins."""
    _trials: dict[str, Trial] = field(default_factory=dict)
    _began_s: float = field(default_factory=time.monotonic)
    _started: str = field(default_factory=lambda: datetime.now(UTC).isoformat())

    def run(self) -> dict[str, Any]:
        """Carry out all of them; what `suite.json` says in the end, also after Ctrl-C."""
        state = "finished"
        self.write("recording")
        try:
            with Bench(self.folder.path, users=self.users, seed=self.seed, console=self.console) as bench:
                for experiment in sorted(self.experiments, key=_unusual_needs_last):
                    self._carry_out(bench, experiment)
        except KeyboardInterrupt:
            state = "interrupted"
        return self.write(state)

    @property
    def users(self) -> int:
        """Everybody in the population gets every campaign, so one number serves all."""
        return max((experiment.users for experiment in self.experiments), default=0)

    def write(self, state: str, **more: Any) -> dict[str, Any]:
        """Bring `suite.json` up to date; `more` replaces what is empty in a suite of experiments alone."""
        facts = {
            "run_id": self.folder.path.name,
            "command": self.command,
            "seed": self.seed,
            "users": self.users,
            "state": state,
            "started": self._started,
            "finished": None if state == "recording" else datetime.now(UTC).isoformat(),
            "environment": read_machine(),
            **read_source(PROJECT),
            "control": CONTROL if CONTROL in self._trials else None,
            "experiments": [self._facts_of(experiment) for experiment in self.experiments],
            "uncovered": [{"fault": row.fault, "title": row.title, "reason": row.reason} for row in UNCOVERED],
            "mutants": [],
            "soak": None,
            **more,
        }
        self.folder.write(facts)
        return self.folder.read()

    def _carry_out(self, bench: Bench, experiment: Experiment) -> None:
        began_s = time.monotonic()
        if self.within_s is not None and began_s - self._began_s > self.within_s:
            trial = Trial(outcome=Outcome.NOT_RUN, reason="no time was left")
        else:
            trial = bench.trial(experiment)
        self._trials[experiment.name] = trial
        if experiment.name == CONTROL:
            bench.control_rate = trial.numbers.get("best_rate")
        self.write("recording")
        tell(self.console, f"{experiment.fault} {experiment.name}", trial, took_s=time.monotonic() - began_s)

    def _facts_of(self, experiment: Experiment) -> dict[str, Any]:
        trial = self._trials.get(experiment.name, Trial(outcome=Outcome.NOT_RUN, reason="its turn has not come"))
        has_run = (self.folder.path / experiment.name / "run.json").exists()
        return {
            **experiment.facts(),
            **trial_facts(trial),
            "source": source_of(experiment.name),
            "run": experiment.name if has_run else None,
        }


def tell(console: Console, what: str, trial: Trial, *, took_s: float) -> None:
    """One line on the terminal."""
    why = f": {escape(trial.reason)}" if trial.reason else ""
    console.print(f"{what} {MARKS[trial.outcome]} [dim]{took_s:.0f} s[/]{why}", highlight=False)


def _unusual_needs_last(experiment: Experiment) -> tuple[bool, str]:
    """The control run comes first of all."""
    return not experiment.needs.are_usual, experiment.needs.key
