"""F18, F32 and F40: one program's wall clock jumps while it runs, its monotonic clock goes on as all clocks do."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import psutil

from chaos.fault import NotPossibleHereError

if TYPE_CHECKING:
    from stack.supervisor import Supervisor

LIBRARY: Final = "libfaketimeMT.so.1"
FOLDERS: Final = ("/usr/lib", "/usr/local/lib")
SHIM: Final = Path(__file__).parent / "clock_shim"
CACHE_S: Final = 1
"""So long a program may go on with the old time after a jump."""
TRUE: Final = "+0"
ASK: Final = "import time; print(time.time())"
PROBE_TIMEOUT_S: Final = 20.0


def find_library() -> Path:
    """libfaketime; NotPossibleHereError says how to get it."""
    for folder in FOLDERS:
        if found := next(Path(folder).glob(f"**/faketime/{LIBRARY}"), None):
            return found
    raise NotPossibleHereError(f"no {LIBRARY} in {' or '.join(FOLDERS)}. Debian, Ubuntu: apt-get install faketime")


def clock_variables(control: Path) -> dict[str, str]:
    """For `Stack(overrides_of={program: …})`: the program's clock obeys what stands in the file `control`."""
    library = find_library()
    control.parent.mkdir(parents=True, exist_ok=True)
    control.write_text(TRUE)
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(control.resolve()),
        "FAKETIME_CACHE_DURATION": str(CACHE_S),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(SHIM),
    }


@dataclass(kw_only=True)
class ClockJump:
    """A jump by so many seconds; the program was started with `clock_variables`."""

    supervisor: Supervisor
    program: str
    control: Path
    by_s: int
    fault: str = "F18"
    evidence: ClassVar[str] = "the time told to a process with the program's library and environment"

    @property
    def name(self) -> str:
        """Such as `worker-emails:clock+7200s`."""
        return f"{self.program}:clock{self.by_s:+d}s"

    def describe(self) -> dict[str, Any]:
        """What the history says of it."""
        return {"injector": "clock", "what": f"{self.program}'s wall clock jumps by {self.by_s:+d} s"}

    def inject(self) -> None:
        """Jump; the program notices within CACHE_S."""
        _replace(self.control, f"{self.by_s:+d}")

    def look(self) -> bool:
        """Whether the program has the library, and its environment tells a time that is wrong by most of the jump."""
        process = psutil.Process(self.supervisor.pid(self.program))
        loaded = any(LIBRARY in mapped.path for mapped in process.memory_maps())
        return loaded and abs(_told(process.environ()) - time.time()) > abs(self.by_s) / 2

    def heal(self) -> None:
        """The true time again; another jump, in the other direction."""
        if self.control.exists():
            _replace(self.control, TRUE)


def _told(environment: dict[str, str]) -> float:
    command = [sys.executable, "-c", ASK]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=PROBE_TIMEOUT_S)
    return float(done.stdout)


def _replace(path: Path, text: str) -> None:
    """Wholly or not at all: an empty file would be no time."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)
