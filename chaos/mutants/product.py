"""A stack's programs run a copy of the product with a mistake in it, and later the product itself again."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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


@dataclass
class Copy:
    """The product's files in another place.

    It is made once and only single files of it change, since programs that run it read some files late.
    """

    place: Path
    _changed: set[str] = field(default_factory=set)

    def make(self, changes: Iterable[Change]) -> None:
        """The product with these changes and no others."""
        if not self.place.exists():
            shutil.copytree(SOURCE, self.place)
        for file in self._changed:
            shutil.copy2(SOURCE / file, self.place / file)
        self._changed.clear()
        for change in changes:
            self._changed.add(change.file)
            change.apply(self.place)


@dataclass
class Product:
    """What the programs of one stack run; they are started anew only when that changes for them.

    Each program is a `python -m …` that begins in the stack's folder, where Python looks for `system` first.
    """

    stack: Stack
    _mistaken: frozenset[str] = frozenset()
    """Programs that run a mistake."""

    def __post_init__(self) -> None:
        self._copy = Copy(self.stack.place.folder / "system")

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """The mistake is made inside; the code stays until the next mutant, the database is mended at once."""
        with ExitStack() as mended:
            if mutant.database is not None:
                mended.enter_context(mutant.database(self.stack.env["STEADYPOST_DATABASE_URL"]))
            self._run(mutant.changes, frozenset(mutant.programs))
            yield

    def _run(self, changes: tuple[Change, ...], programs: frozenset[str]) -> None:
        self._copy.make(changes)
        if restarted := sorted(self._mistaken | programs):
            self._restart(restarted)
        self._mistaken = programs

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
