"""The program beside a stack that starts campaigns, samples them and reads them out, as an object."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GRACE_S: Final = 60.0
"""How much longer than its own deadline an order may take before the program counts as stuck."""


class DriverError(Exception):
    """Raised when an order could not be carried out; says whether a campaign or the harness got stuck."""


@dataclass
class Driver:
    """Runs inside its context."""

    env: Mapping[str, str]
    log: Path

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "loadtests.driver"]
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C is for us, and we end it in order.
            self._process = subprocess.Popen(
                command,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def order(self, do: str, *, patience_s: float = 0.0, **how: Any) -> None:
        """Have something done; DriverError says why it was not."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **how}) + "\n")
            self._process.stdin.flush()
            ready, _, _ = select.select([self._process.stdout], [], [], patience_s + GRACE_S)
            answer = self._process.stdout.readline() if ready else ""
        except OSError as exc:
            raise DriverError(f"{do}: the driver is gone ({exc}); see {self.log}") from None
        if not answer:
            ended = "the driver has ended" if ready else f"no answer within {patience_s + GRACE_S:g} s"
            raise DriverError(f"{do}: {ended}; see {self.log}")
        if (error := json.loads(answer)["error"]) is not None:
            raise DriverError(error)
