"""Injectors that only mutants need: one that does nothing, several as one, a campaign that is started again."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from chaos.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chaos.fault import Injector

PATIENCE_S: Final = 60.0


@dataclass(kw_only=True)
class Idle:
    """Says that it breaks something, and does not."""

    fault: str = "F01"
    name: ClassVar[str] = "idle"
    evidence: ClassVar[str] = "nothing"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "idle", "what": "nothing"}

    def inject(self) -> None:
        """Nothing."""

    def look(self) -> bool:
        """There is nothing to be seen."""
        return False

    def heal(self) -> None:
        """Nothing."""


@dataclass(kw_only=True)
class Together:
    """Several faults at the same time, which count as one."""

    fault: str
    injectors: Sequence[Injector]
    evidence: ClassVar[str] = "looks at which all of them were seen"

    @property
    def name(self) -> str:
        """Such as `webhook-postgres:down+provider:close`."""
        return "+".join(injector.name for injector in self.injectors)

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        parts = [injector.describe() for injector in self.injectors]
        return {"injector": "+".join(part["injector"] for part in parts), "what": [part["what"] for part in parts]}

    def inject(self) -> None:
        """One after the other."""
        for injector in self.injectors:
            injector.inject()

    def look(self) -> bool:
        """Whether all are in force."""
        return all(injector.look() for injector in self.injectors)

    def heal(self) -> None:
        """Newest first, all of them whatever happens."""
        with ExitStack() as healing:
            for injector in self.injectors:
                healing.callback(injector.heal)


@dataclass(kw_only=True)
class StartedAgain:
    """F36: somebody asks for the campaign of a week that has begun."""

    env: Mapping[str, str]
    newsletter: str
    week_key: str
    fault: str = "F36"
    name: ClassVar[str] = "campaign:started-again"
    evidence: ClassVar[str] = "the request taken by the broker"
    _taken: bool = False

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "operator", "what": f"starts {self.newsletter} {self.week_key} once more"}

    def inject(self) -> None:
        """Ask; HarnessError when nobody takes the request."""
        asked = json.dumps([self.newsletter, self.week_key])
        celery = [sys.executable, "-m", "celery", "-A", "system.tasks.app"]
        command = [*celery, "call", "orchestrator.start_weekly_campaign", "--args", asked]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        if done.returncode != 0:
            raise HarnessError(f"the campaign could not be asked for: {done.stderr[-500:]}")
        self._taken = True

    def look(self) -> bool:
        """Whether the request was made."""
        return self._taken

    def heal(self) -> None:
        """What was asked for can't be taken back."""
        self._taken = False
