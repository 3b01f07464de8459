"""F07, F31 and F34: a process of the product dies, stops or waits at exactly one place of its code."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from system.failpoints import Failpoint


@dataclass(kw_only=True)
class AtFailpoint:
    """An order for whoever reaches the place next; the stack has `STEADYPOST_FAILPOINTS` set to the folder."""

    folder: Path
    place: Failpoint
    fault: str = "F07"
    do: Literal["kill", "stop", "raise", "hold"] = "kill"
    after: int = 0
    """So often a process may pass before it obeys."""
    evidence: ClassVar[str] = "the order taken by a process that reached the place"

    @property
    def name(self) -> str:
        """Such as `after_intent:kill`."""
        return f"{self.place}:{self.do}"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "failpoint", "what": f"{self.do} at {self.place} after {self.after} passes"}

    def inject(self) -> None:
        """Leave the order; it is taken when somebody comes by."""
        self.heal()
        self.folder.mkdir(exist_ok=True)
        draft = self.folder / f".{self.place}"
        draft.write_text(json.dumps({"do": self.do, "after": self.after}))
        draft.rename(self.folder / self.place)

    def look(self) -> bool:
        """Whether a process has taken it; who waits still waits then."""
        return bool(self.taken_by())

    def taken_by(self) -> list[int]:
        """The ids of the processes that were at the place when it was their turn."""
        return [int(mark.suffix[1:]) for mark in self.folder.glob(f"{self.place}.*")]

    def heal(self) -> None:
        """Withdraw the order, and let go on who waits or was stopped."""
        # In this order: what is not there to be withdrawn has been taken, and stands among the marks.
        (self.folder / self.place).unlink(missing_ok=True)
        for pid in self.taken_by():
            (self.folder / f"{self.place}.{pid}").unlink(missing_ok=True)
            if self.do == "stop":
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
