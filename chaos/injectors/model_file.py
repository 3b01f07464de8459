"""F30: the recommender's file is corrupt or missing, as after a deployment that went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

GARBAGE: Final = b"this is no model\n" * 1_000


@dataclass(kw_only=True)
class BadModel:
    """The file that the `ml` workers read; the good one is kept beside it, also for whoever heals in our place."""

    path: Path
    how: Literal["corrupt", "missing"]
    fault: str = "F30"
    evidence: ClassVar[str] = "a model file that is not the one that was trained"

    @property
    def name(self) -> str:
        """Such as `model:corrupt`."""
        return f"model:{self.how}"

    @property
    def _kept(self) -> Path:
        return self.path.with_name(f".{self.path.name}.chaos-kept")

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "model_file", "what": f"{self.path.name} is {self.how}"}

    def inject(self) -> None:
        """Spoil it, as a whole and at once."""
        self.heal()
        self.path.rename(self._kept)
        if self.how == "corrupt":
            draft = self.path.with_name(f".{self.path.name}.chaos-draft")
            draft.write_bytes(GARBAGE)
            draft.replace(self.path)

    def look(self) -> bool:
        """Whether the good file is not where it belongs."""
        if not self._kept.exists():
            return False
        return not self.path.exists() if self.how == "missing" else self.path.read_bytes() == GARBAGE

    def heal(self) -> None:
        """Put the good one back."""
        if self._kept.exists():
            self._kept.replace(self.path)
