"""Where trials are made: keeps a stack for as long as it is good, and judges what was recorded on it."""

from __future__ import annotations

import itertools
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.errors import HarnessError
from chaos.fault import NotPossibleHereError
from chaos.laboratory import Laboratory
from chaos.toxiproxy.errors import ToxiproxyError
from slo_reports.run_folder import RunFolder
from slo_reports.trials.trial import Outcome, Trial, judge_trial
from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from rich.console import Console

    from chaos.experiment import Experiment, Needs

STACKS: Final = Path(".stack")
LOGS: Final = "logs"
FAILURES: Final = (HarnessError, StackError, ToxiproxyError, OSError)


@dataclass
class Bench:
    """Run folders and logs go below `folder`; a campaign that got stuck or broke a rule costs its stack."""

    folder: Path
    users: int
    seed: int
    console: Console
    control_rate: float | None = None
    """What the undisturbed run reached, in mails per second; the recoveries of later trials are measured by it."""
    _lab: Laboratory | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _unusable: dict[str, Trial] = field(default_factory=dict)
    """By needs: what became of the attempt to start such a stack."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def trial(self, experiment: Experiment) -> Trial:
        """Carry it out and judge it, whatever happens; only Ctrl-C gets through."""
        lab = self._lab_for(experiment.needs)
        if lab is None:
            return self._unusable[experiment.needs.key]
        run = RunFolder(self.folder / experiment.name)
        clean = False
        try:
            with self.console.status(f"{experiment.name}: {experiment.title}"):
                ended = lab.conduct(experiment, run, control_rate=self.control_rate)
                trial = judge_trial(run)
            clean = ended and trial.outcome is not Outcome.BROKEN
        except NotPossibleHereError as exc:
            trial, clean = Trial(outcome=Outcome.SKIPPED, reason=str(exc)), True
        except FAILURES as exc:
            trial = Trial(outcome=Outcome.NOT_RUN, reason=f"the harness failed: {_without_here(str(exc))}")
        if not clean:
            self.close()
        return trial

    def close(self) -> None:
        """Stop the stack; the next trial gets a new one."""
        self._lab = None
        self._open.close()
        self._open = ExitStack()

    def _lab_for(self, needs: Needs) -> Laboratory | None:
        if needs.key in self._unusable:
            return None
        if self._lab is not None and self._lab.needs.key == needs.key:
            return self._lab
        self.close()
        try:
            with self.console.status("starting a stack"):
                self._lab = self._new_lab(needs)
        except NotPossibleHereError as exc:
            self._unusable[needs.key] = Trial(outcome=Outcome.SKIPPED, reason=str(exc))
        except FAILURES as exc:
            self._unusable[needs.key] = Trial(outcome=Outcome.NOT_RUN, reason=f"no stack: {_without_here(str(exc))}")
        return self._lab

    def _new_lab(self, needs: Needs) -> Laboratory:
        name = f"chaos-{self.folder.name[:15]}-{next(self._numbers)}"
        lab = Laboratory(name=name, root=STACKS, needs=needs, users=self.users, seed=self.seed)
        self._open.enter_context(lab)
        self._open.callback(self._keep_logs, lab)
        return lab

    def _keep_logs(self, lab: Laboratory) -> None:
        if lab.stack.place.logs.exists():
            shutil.copytree(lab.stack.place.logs, self.folder / LOGS / lab.name, dirs_exist_ok=True)


def _without_here(text: str) -> str:
    """Reports travel; where they were made does not matter."""
    return text.replace(f"{Path.cwd()}/", "")
