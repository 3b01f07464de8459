"""A fault that is injected into a running system: what it is called, whether it bit, and how it is healed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo_reports.run_folder import RunFolder


class NotPossibleHereError(Exception):
    """Raised when this machine can't show a fault; the experiment is skipped, and the report gives the reason."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What shows that a fault really happened."""

    observed: int
    """How often it was seen; 0 makes the run inconclusive."""
    how: str


class Injector(Protocol):
    """One kind of fault; `heal` is safe to call at any time, also when nothing was injected."""

    @property
    def fault(self) -> str:
        """Its row in the fault matrix, such as `F01`."""
        ...

    @property
    def name(self) -> str:
        """Names it in the history."""
        ...

    @property
    def evidence(self) -> str:
        """What `look` sees while the fault is in force, for the report."""
        ...

    def describe(self) -> dict[str, Any]:
        """For the history: injector, what it does."""
        ...

    def inject(self) -> None:
        """Break it."""
        ...

    def look(self) -> bool:
        """Whether the fault can be seen right now, from the outside."""
        ...

    def heal(self) -> None:
        """Mend it."""
        ...


@contextmanager
def injected(run: RunFolder, injector: Injector, *, for_s: float) -> Iterator[None]:
    """The fault is in force inside, and healed afterwards whatever happens; both stand in the history."""
    identity = {"fault": injector.fault, "name": injector.name}
    run.note("nemesis", "invoke", "inject", value={**identity, **injector.describe(), "for_s": for_s})
    try:
        injector.inject()
        run.note("nemesis", "ok", "inject", value=identity)
        yield
    finally:
        run.note("nemesis", "invoke", "heal", value=identity)
        injector.heal()
        run.note("nemesis", "ok", "heal", value=identity)
