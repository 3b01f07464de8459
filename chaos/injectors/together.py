"""Several faults as one: broken in order, healed newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.fault import Injector


@dataclass(frozen=True, kw_only=True)
class Together:
    """In force only when all of them are."""

    fault: str
    parts: Sequence[Injector]

    @property
    def name(self) -> str:
        """All their names."""
        return " + ".join(part.name for part in self.parts)

    @property
    def evidence(self) -> str:
        """What is seen of each."""
        return "; ".join(part.evidence for part in self.parts)

    def describe(self) -> dict[str, Any]:
        """What the history says of them."""
        return {"injector": "together", "what": [part.describe() for part in self.parts]}

    def inject(self) -> None:
        """Break one after the other."""
        for part in self.parts:
            part.inject()

    def look(self) -> bool:
        """Whether all can be seen."""
        return all(part.look() for part in self.parts)

    def heal(self) -> None:
        """Mend all, also when one can't be mended; the first error is raised in the end."""
        errors = []
        for part in reversed(self.parts):
            try:
                part.heal()
            except Exception as exc:  # noqa: BLE001  # the others must be healed first
                errors.append(exc)
        if errors:
            raise errors[0]
