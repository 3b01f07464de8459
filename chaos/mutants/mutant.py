"""What a mutant is: a known mistake, made in a copy of the product, and the rules that must turn red by it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chaos.errors import HarnessError
from slo_reports.verdict import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chaos.experiment import Experiment


class DoesNotApplyError(HarnessError):
    """Raised when the product no longer holds what a mutant replaces."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Text of one file that is replaced; it must be there exactly once."""

    file: str
    """Within `system`, such as `mail/provider.py`."""
    old: str
    new: str

    def apply(self, product: Path) -> None:
        """Replace it in a copy of the product; DoesNotApplyError when it isn't there exactly once."""
        path = product / self.file
        content = path.read_text(encoding="utf-8") if path.exists() else ""
        if (found := content.count(self.old)) != 1:
            raise DoesNotApplyError(
                f"system/{self.file} holds {found} times what is to be replaced: {self.old.strip()!r}. "
                "Has the file changed? Then write the mutant anew"
            )
        path.write_text(content.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One known mistake, and the experiment that shows it."""

    name: str
    """`M1` to `M12`."""
    title: str
    why: str
    """Why somebody might make this mistake, or what it would cost."""
    expected: tuple[str, ...]
    """The rules that must turn red."""
    experiment: Experiment
    changes: tuple[Change, ...] = ()
    programs: tuple[str, ...] = ()
    """Who runs the changed code, and is started anew with it."""
    database: Callable[[str], AbstractContextManager[None]] | None = None
    """What else is wrong as long as it lasts, on the database of a URL."""
    companions: Mapping[str, str] = field(default_factory=dict)
    """Rules that may turn red too, each with the reason."""
    words: str = ""
    """What the red rules say of this mistake, where they could be red for another reason."""
    turns: Status = Status.MISSED
    """Red; or unknown, where the mistake is in the experiment itself."""
    leaves_ruins: bool = False
    """The campaign gets stuck, and the stack is good for nothing afterwards."""

    def disarmed(self) -> Mutant:
        """The same experiment without the mistake: nobody may be caught by it."""
        return replace(self, name=f"{self.name}-disarmed", changes=(), programs=(), database=None, leaves_ruins=False)
