"""An injector that does nothing, which the verifier must notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(kw_only=True)
class Idle:
    """Says that it breaks something, and does not."""

    fault: str = "F09"
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
