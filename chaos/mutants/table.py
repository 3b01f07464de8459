"""Carries out mutants one after the other, and makes the table of mutants and rules."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape

from chaos.bench import FAILURES, LOGS, STACKS
from chaos.experiment import Needs
from chaos.fault import NotPossibleHereError
from chaos.laboratory import Laboratory
from chaos.mutants.exhibit import USERS
from chaos.mutants.product import Product
from chaos.mutants.shown import entry_of, judge_mutant
from chaos.suite import Suite
from slo_reports.run_folder import RunFolder
from slo_reports.trials.trial import Outcome, Trial, judge_trial

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from chaos.mutants.mutant import Mutant
    from slo_reports.trials.suite import SuiteFolder

MARKS: Final = {"caught": "[green]caught[/]", "survived": "[red]survived[/]", "wrong": "[red]wrong[/]"}


@dataclass
class MutantTable:
    """Some mutants, and what has become of them so far."""

    folder: SuiteFolder
    mutants: Sequence[Mutant]
    seed: int
    command: str
    console: Console
    root: Path = STACKS
    """Where the stacks are."""
    _entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _lab: Laboratory | None = None
    _numbers: int = 0

    def __post_init__(self) -> None:
        self._suite = Suite(
            folder=self.folder, experiments=[], seed=self.seed, command=self.command, console=self.console
        )

    def run(self) -> dict[str, Any]:
        """Carry out all of them; what `suite.json` says in the end, also after Ctrl-C."""
        state = "finished"
        self._write("recording")
        try:
            for mutant in sorted(self.mutants, key=lambda mutant: mutant.leaves_ruins):
                self._carry_out(mutant)
        except KeyboardInterrupt:
            state = "interrupted"
        finally:
            self._close()
        return self._write(state)

    def _carry_out(self, mutant: Mutant) -> None:
        began_s = time.monotonic()
        shown = judge_mutant(mutant, self._trial(mutant))
        self._entries[mutant.name] = entry_of(mutant, shown)
        self._write("recording")
        mark = MARKS.get(shown.outcome, f"[yellow]{shown.outcome}[/]")
        took = f"[dim]{time.monotonic() - began_s:.0f} s[/]"
        told = f"{mutant.name} {escape(mutant.title)}: {mark} by {', '.join(shown.caught) or 'nobody'} {took}"
        self.console.print(f"{told} {escape(shown.reason)}", highlight=False, soft_wrap=True)

    def _trial(self, mutant: Mutant) -> Trial:
        clean = False
        try:
            with self.console.status(f"{mutant.name}: {mutant.title}"):
                lab, product = self._laboratory()
                run = RunFolder(self.folder.path / f"{mutant.name.lower()}-{mutant.experiment.name}")
                with product.mutated(mutant):
                    clean = lab.conduct(mutant.experiment, run)
                return judge_trial(run)
        except NotPossibleHereError as exc:
            return Trial(outcome=Outcome.SKIPPED, reason=str(exc))
        except FAILURES as exc:
            return Trial(outcome=Outcome.NOT_RUN, reason=f"the harness failed: {exc}")
        finally:
            if not clean:
                self._close()

    def _laboratory(self) -> tuple[Laboratory, Product]:
        if self._lab is None:
            self._numbers += 1
            name = f"mutants-{self.folder.path.name[:15]}-{self._numbers}"
            lab = Laboratory(name=name, root=self.root, needs=Needs(), users=USERS, seed=self.seed)
            self._open.enter_context(lab)
            self._open.callback(self._keep_logs, lab)
            self._lab, self._product = lab, Product(lab.stack)
        return self._lab, self._product

    def _keep_logs(self, lab: Laboratory) -> None:
        logs = lab.stack.place.logs
        if logs.exists():
            shutil.copytree(logs, self.folder.path / LOGS / lab.name, dirs_exist_ok=True)

    def _close(self) -> None:
        """Stop the stack; the next mutant gets a new one."""
        self._lab = None
        self._open.close()
        self._open = ExitStack()

    def _write(self, state: str) -> dict[str, Any]:
        told = [self._entries[mutant.name] for mutant in self.mutants if mutant.name in self._entries]
        return self._suite.write(state, mutants=told, uncovered=[])
