"""Carries out experiments one after the other, judges each, and keeps the suite's folder complete all the time."""

from __future__ import annotations

import itertools
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chaos.errors import HarnessError
from chaos.experiments import CONTROL, source_of
from chaos.fault import NotPossibleHereError
from chaos.laboratory import Laboratory
from chaos.toxiproxy.errors import ToxiproxyError
from chaos.uncovered import UNCOVERED
from loadtests.environment import read_machine, read_source
from slo_reports.run_folder import RunFolder
from slo_reports.trials.suite import trial_facts
from slo_reports.trials.trial import Outcome, Trial, judge_trial
from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from chaos.experiment import Experiment
    from slo_reports.trials.suite import SuiteFolder

PROJECT: Final = Path(__file__).parent.parent
STACKS: Final = Path(".stack")
MARKS: Final = {
    Outcome.HELD: "[green]held[/]",
    Outcome.BROKEN: "[red]broken[/]",
    Outcome.INCONCLUSIVE: "[yellow]inconclusive[/]",
    Outcome.SKIPPED: "[dim]skipped[/]",
    Outcome.NOT_RUN: "[yellow]not run[/]",
}


@dataclass
class Suite:
    """Some experiments, in groups that share a stack."""

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
    _labs: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self) -> dict[str, Any]:
        """Carry out all of them; what `suite.json` says in the end, also after Ctrl-C."""
        state = "finished"
        self._write("recording")
        try:
            for _, group in itertools.groupby(sorted(self.experiments, key=_needs), key=_needs):
                self._run_group(list(group))
        except KeyboardInterrupt:
            state = "interrupted"
        return self._write(state)

    def _run_group(self, group: Sequence[Experiment]) -> None:
        """On one stack; a campaign that got stuck costs its stack, and the rest get a new one."""
        waiting = list(group)
        while waiting:
            with ExitStack() as open_:
                lab = self._lab(open_, waiting)
                while lab is not None and waiting:
                    clean = self._try(lab, waiting.pop(0))
                    if not clean:
                        break

    def _lab(self, open_: ExitStack, waiting: list[Experiment]) -> Laboratory | None:
        """None when there is none to be had: then nothing of the group waits any more."""
        if self._is_over():
            self._give_up(waiting, Trial(outcome=Outcome.NOT_RUN, reason="no time was left"))
            return None
        lab = Laboratory(
            name=f"chaos-{self.folder.path.name[:15]}-{next(self._labs)}",
            root=STACKS,
            needs=waiting[0].needs,
            users=max(experiment.users for experiment in waiting),
            seed=self.seed,
        )
        try:
            with self.console.status("starting a stack"):
                open_.enter_context(lab)
        except NotPossibleHereError as exc:
            self._give_up(waiting, Trial(outcome=Outcome.SKIPPED, reason=str(exc)))
        except (HarnessError, StackError, ToxiproxyError, OSError) as exc:
            self._give_up(waiting, Trial(outcome=Outcome.NOT_RUN, reason=str(exc)))
        else:
            open_.callback(self._keep_logs, lab)
            return lab
        return None

    def _try(self, lab: Laboratory, experiment: Experiment) -> bool:
        """Whether the stack is as good as before."""
        if self._is_over():
            self._end(experiment, Trial(outcome=Outcome.NOT_RUN, reason="no time was left"), took_s=0.0)
            return True
        run, began_s = RunFolder(self.folder.path / experiment.name), time.monotonic()
        clean = False
        try:
            with self.console.status(f"{experiment.name}: {experiment.title}"):
                clean = lab.conduct(experiment, run)
                trial = judge_trial(run)
        except NotPossibleHereError as exc:
            trial, clean = Trial(outcome=Outcome.SKIPPED, reason=str(exc)), True
        except (HarnessError, StackError, ToxiproxyError, OSError) as exc:
            trial = Trial(outcome=Outcome.NOT_RUN, reason=f"the harness failed: {exc}")
        self._end(experiment, trial, took_s=time.monotonic() - began_s)
        return clean and trial.outcome is not Outcome.BROKEN

    def _give_up(self, waiting: list[Experiment], trial: Trial) -> None:
        while waiting:
            self._end(waiting.pop(0), trial, took_s=0.0)

    def _end(self, experiment: Experiment, trial: Trial, *, took_s: float) -> None:
        self._trials[experiment.name] = trial
        self._write("recording")
        why = f": {trial.reason}" if trial.reason else ""
        self.console.print(
            f"{experiment.fault} {experiment.name} {MARKS[trial.outcome]} [dim]{took_s:.0f} s[/]{why}", highlight=False
        )

    def _is_over(self) -> bool:
        return self.within_s is not None and time.monotonic() - self._began_s > self.within_s

    def _keep_logs(self, lab: Laboratory) -> None:
        logs = lab.stack.place.logs
        if logs.exists():
            shutil.copytree(logs, self.folder.path / "logs" / lab.name, dirs_exist_ok=True)

    def _write(self, state: str) -> dict[str, Any]:
        facts = {
            "run_id": self.folder.path.name,
            "command": self.command,
            "seed": self.seed,
            "users": max((experiment.users for experiment in self.experiments), default=0),
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
        }
        self.folder.write(facts)
        return self.folder.read()

    def _facts_of(self, experiment: Experiment) -> dict[str, Any]:
        trial = self._trials.get(experiment.name, Trial(outcome=Outcome.NOT_RUN, reason="its turn has not come"))
        has_run = (self.folder.path / experiment.name / "run.json").exists()
        return {
            **experiment.facts(),
            **trial_facts(trial),
            "source": source_of(experiment.name),
            "run": experiment.name if has_run else None,
        }


def _needs(experiment: Experiment) -> tuple[bool, str]:
    """The usual stack first."""
    return not experiment.needs.are_usual, experiment.needs.key
