"""F26: a fault after which the system stops by itself and waits for a person, who mends it and lets it go on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from chaos.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.fault import Injector
    from slo_reports.run_folder import RunFolder

COMMAND_DEADLINE_S: Final = 60.0


@dataclass(kw_only=True)
class UntilResumed:
    """The campaign pauses; healing takes away the cause, and then an operator resumes it."""

    cause: Injector
    run: RunFolder
    env: Mapping[str, str]
    newsletter: str
    week_key: str
    evidence: ClassVar[str] = "a campaign that is paused, by the word of the command line"
    _paused: bool = False

    @property
    def fault(self) -> str:
        """Of what was the cause."""
        return self.cause.fault

    @property
    def name(self) -> str:
        """Such as `provider:revoked_key, paused`."""
        return f"{self.cause.name}, paused"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {**self.cause.describe(), "injector": "operator"}

    def inject(self) -> None:
        """Break what makes the campaign pause."""
        self.cause.inject()

    def look(self) -> bool:
        """Whether it is paused."""
        self._paused = self._paused or "paused" in self._steadypost("status")
        return self._paused

    def heal(self) -> None:
        """Mend the cause, and resume what was paused."""
        self.cause.heal()
        if self._paused:
            self._paused = False
            self.run.note("operator", "invoke", "resume", value={"week_key": self.week_key})
            self._steadypost("resume")

    def _steadypost(self, what: str) -> str:
        command = [str(Path(sys.executable).with_name("steadypost")), "campaign", what, self.newsletter]
        done = subprocess.run(
            [*command, "--week", self.week_key],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_DEADLINE_S,
        )
        if done.returncode != 0 and what != "status":
            raise HarnessError(f"campaign {what}: {done.stderr or done.stdout}")
        return done.stdout
