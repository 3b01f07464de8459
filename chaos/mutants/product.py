"""A stack's programs run a copy of the product with a mistake in it, and later the product itself again."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stack.checks import check_http, check_worker
from stack.programs import PROCESSES, worker_name, worker_node
from stack.readiness import wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chaos.mutants.mutant import Change, Mutant
    from stack.stack import Stack

SOURCE: Final = Path(__file__).parents[2] / "system"
READY_DEADLINE_S: Final = 90.0


def copy_product(to: Path, changes: Iterable[Change]) -> None:
    """A fresh copy of the product with these changes."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(SOURCE, to)
    for change in changes:
        change.apply(to)


@dataclass
class Product:
    """What the programs of one stack run; they are started anew only when that changes for them.

    Each program is a `python -m …` that begins in the stack's folder, where Python looks for `system` first.
    """

    stack: Stack
    _changed: frozenset[str] = frozenset()
    """Programs that run a copy."""

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """The mistake is made inside; the code stays until the next mutant, the database is mended at once."""
        with ExitStack() as mended:
            if mutant.database is not None:
                mended.enter_context(mutant.database(self.stack.env["STEADYPOST_DATABASE_URL"]))
            self._run(mutant.changes, frozenset(mutant.programs))
            yield

    def restore(self) -> None:
        """The product as it is."""
        self._run((), frozenset())

    def _run(self, changes: tuple[Change, ...], programs: frozenset[str]) -> None:
        folder = self.stack.place.folder / "system"
        shutil.rmtree(folder, ignore_errors=True)
        if changes:
            copy_product(folder, changes)
        restarted = sorted(self._changed | programs)
        self._changed = programs
        if restarted:
            self._restart(restarted)

    def _restart(self, programs: list[str]) -> None:
        supervisor = self.stack.supervisor
        supervisor.stop(*programs)
        for program in programs:
            supervisor.start(program)
        for program in programs:
            wait_until_ready(self._check_of(program), what=program, deadline_s=READY_DEADLINE_S)

    def _check_of(self, program: str) -> Callable[[], None]:
        if program == "web":
            return partial(check_http, port=self.stack.ports["web"], path="/readyz")
        queue = next(queue for queue in PROCESSES if worker_name(queue) == program)
        broker_url = self.stack.env["STEADYPOST_REDIS_URL"]
        return partial(check_worker, broker_url=broker_url, node=worker_node(queue, self.stack.place))
