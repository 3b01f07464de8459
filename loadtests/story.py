"""What the history of a run says about its present: the phase, and the faults that are in force."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slo_reports import run_folder

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Story:
    """Reads on where it stopped: the history grows while others write it."""

    folder: Path
    _read_bytes: int = 0
    _phase: str = "sending"
    _faults: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read_on(self) -> None:
        """Take in whatever complete lines have been added."""
        try:
            with (self.folder / run_folder.HISTORY).open("rb") as file:
                file.seek(self._read_bytes)
                added = file.read()
        except OSError:
            return
        complete = added[: added.rfind(b"\n") + 1]
        self._read_bytes += len(complete)
        for line in complete.splitlines():
            self._take(json.loads(line))

    def phase(self, *, at: float) -> str:
        """One word, or the fault that is in force and for how much longer."""
        for name, fault in self._faults.items():
            return f"outage: {name}, {max(0.0, fault['ends_at'] - at):.0f} s to go"
        return self._phase

    def outage_left_s(self, *, at: float) -> float:
        """Until the last fault in force heals."""
        return max((fault["ends_at"] - at for fault in self._faults.values()), default=0.0)

    def _take(self, line: dict[str, Any]) -> None:
        value = line["value"]
        match line["f"], line["type"]:
            case "phase", _:
                self._phase = value["phase"]
            case "inject", "invoke":
                self._faults[value["name"]] = {"ends_at": line["at"] + value.get("for_s", 0.0)}
            case "heal", "ok":
                self._faults.pop(value["name"], None)
                self._phase = "recovery"
